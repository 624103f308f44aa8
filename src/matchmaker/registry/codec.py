"""A fitted ecosystem as the files of a bundle, and back."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import AccountSets
from matchmaker.channels import Indexes
from matchmaker.config import Config
from matchmaker.errors import BundleCorruptError, InternalError, SettingsError
from matchmaker.fitted import Fitted, RelationTable
from matchmaker.matching.learned.dial import STRATA
from matchmaker.matching.ragged import Items, LabelSets
from matchmaker.matching.scales import Scales
from matchmaker.matching.space import Space
from matchmaker.matching.whitening import Whitening
from matchmaker.profiles.schema import Demand
from matchmaker.profiles.table import ProfileTable
from matchmaker.registry.bundle import Bundle, Writer, open_bundle, writing
from matchmaker.registry.card import model_card
from matchmaker.registry.golden import ask, check
from matchmaker.retrieval.lexical import LexicalIndex

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Incidence
    from matchmaker.matching.learned.model import Learned
    from matchmaker.trajectories.grounds import Grounds

PLAIN = (
    "audience",
    "heading",
    "topic",
    "summary",
    "marks",
    "pooled",
    "size",
    "completeness",
    "states_audience",
    "inferred_goals",
    "distinct",
    "reference",
)
ITEMS = ("capabilities", "goals")
LEARNED, HELD, MOTION, GAINS, ENTRIES = "learned_", "held_", "motion_", "gains_", "entries_"
PROOF = "proof"
_SENSELESS = (
    ArithmeticError, AttributeError, InternalError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What may come of reading a large file whose content has changed: on opening it is not hashed."""
LIBRARIES = ("faiss-cpu", "numpy", "pyarrow", "sentence-transformers", "torch")


def save(fitted: Fitted, root: Path, *, current: bool = True) -> Path:
    """Write `fitted` as a new version under `root`, current at once unless told otherwise.

    Raises StorageError, `root` then being as before.

    An ecosystem with changes since its build is refused: SettingsError.
    """
    if fitted.built is not None:
        raise SettingsError("An ecosystem with changes since its build is not saved: build it again, then save it.")
    now = datetime.now(UTC)
    version = f"{now:%Y%m%dT%H%M%S%f}-{fitted.catalogue[:8]}"
    named = replace(fitted, version=version)
    with writing(root, version, current=current) as writer:
        _write(writer, named)
        golden = ask(named)
        writer.json("golden", golden)
        facts = _facts(named, now)
        writer.text("MODEL_CARD.md", model_card(facts))
        writer.close(facts)
    return root / version


def load(path: Path) -> tuple[Fitted, Path]:
    """Open a bundle folder or version and ask its golden queries: the ecosystem, and the version's folder.

    Raises BundleError.
    """
    bundle = open_bundle(path)
    try:
        fitted = _read(bundle)
        problems = check(fitted, bundle.json("golden"))
    except _SENSELESS as error:
        raise BundleCorruptError(
            f"{bundle.folder} does not hold together ({type(error).__name__}: {error}). "
            "`matchmaker doctor -m` names the file. Build it again, or go back to an earlier version."
        ) from error
    if problems:
        raise BundleCorruptError(f"{bundle.folder} no longer gives its golden answers: {problems[0]}. Build it again.")
    return fitted, bundle.folder


def _write(writer: Writer, fitted: Fitted) -> None:
    space = fitted.space
    for name in PLAIN:
        writer.array(name, getattr(space, name))
    for name in ITEMS:
        items: Items = getattr(space, name)
        writer.array(f"{name}_vectors", items.vectors)
        writer.array(f"{name}_offsets", items.offsets)
    for kind, sets in space.labels.items():
        writer.array(f"labels_{kind}_codes", sets.codes)
        writer.array(f"labels_{kind}_offsets", sets.offsets)
        writer.array(f"labels_{kind}_weights", sets.weights)
    writer.array("scales_knots", space.scales.knots)
    writer.array("scales_width", space.scales.width)
    for name, white in fitted.whitening.items():
        writer.array(f"whitening_{name}_mean", white.mean)
        writer.array(f"whitening_{name}_matrix", white.matrix)
    for name, values in space.lexical.arrays().items():
        writer.array(f"lexical_{name}", values)
    if space.accounts:
        writer.array("accounts_codes", space.accounts.codes)
        writer.array("accounts_offsets", space.accounts.offsets)
    for name, values in _optional(fitted):
        writer.array(name, values)
    writer.array("relations_a", fitted.relations.a)
    writer.array("relations_b", fitted.relations.b)
    state = {
        "ids": list(space.ids),
        "labels": {kind: list(sets.labels) for kind, sets in space.labels.items()},
        "vocabulary": list(space.lexical.vocabulary),
        "accounts_universe": space.accounts.universe if space.accounts else None,
        "relations": fitted.relations.facts,
        "demand": [one.model_dump(mode="json", exclude_none=True) for one in fitted.demand],
        "account_key_id": fitted.held.key_id if fitted.held else None,
    }
    writer.json("state", state)
    if fitted.proof is not None:
        writer.json(PROOF, fitted.proof.to_dict())
    fitted.profiles.write(writer.folder / "partners.parquet")
    for name, index in fitted.indexes.each().items():
        index.save(writer.folder / f"index_{name}.faiss")


def _read(bundle: Bundle) -> Fitted:
    state, facts = bundle.json("state"), bundle.manifest
    lexical = {
        name[len("lexical_") : -len(".npy")]: bundle.array(name[: -len(".npy")])
        for name in facts["files"]
        if name.startswith("lexical_")
    }
    _check_places(bundle, state)
    plain: dict[str, Any] = {name: bundle.array(name) for name in PLAIN}
    space = Space(
        ids=tuple(state["ids"]),
        **plain,
        capabilities=_items(bundle, "capabilities"),
        goals=_items(bundle, "goals"),
        lexical=LexicalIndex.from_arrays(lexical, state["vocabulary"]),
        labels={
            kind: LabelSets(
                tuple(labels),
                codes=bundle.array(f"labels_{kind}_codes"),
                offsets=bundle.array(f"labels_{kind}_offsets"),
                weights=bundle.array(f"labels_{kind}_weights"),
            )
            for kind, labels in state["labels"].items()
        },
        accounts=_accounts(bundle, state),
        scales=Scales(bundle.array("scales_knots"), bundle.array("scales_width")),
    )
    return Fitted(
        config=Config.model_validate(facts["config"]),
        encoder=facts["encoder"]["name"],
        fingerprint=facts["encoder"]["fingerprint"],
        space=space,
        whitening={
            name: Whitening(
                np.array(bundle.array(f"whitening_{name}_mean")), np.array(bundle.array(f"whitening_{name}_matrix"))
            )
            for name in ("audience", "topic")
        },
        profiles=ProfileTable(bundle.folder / "partners.parquet"),
        relations=RelationTable(bundle.array("relations_a"), bundle.array("relations_b"), state["relations"]),
        indexes=Indexes.load(space, bundle.folder, facts["indexes"]),
        catalogue=facts["catalogue"],
        version=bundle.version,
        learned=_learned(bundle, space),
        demand=tuple(Demand(**one) for one in state.get("demand", ())),
        held=_held(bundle, state),
        proof=_proof(bundle),
        **_dated(bundle),
    )


def _dated(bundle: Bundle) -> dict[str, Any]:
    """What not every bundle has of dated data, by field: motion, dated accounts, segments about to be entered."""
    if not any(name.startswith(MOTION) for name in bundle.manifest["files"]):
        return {}
    from matchmaker.trajectories.entries import Entries
    from matchmaker.trajectories.gains import DatedAccounts
    from matchmaker.trajectories.motion import Motion

    found: dict[str, Any] = {}
    for field, kind, made in (
        ("motion", MOTION, Motion),
        ("gains", GAINS, DatedAccounts),
        ("entries", ENTRIES, Entries),
    ):
        if arrays := _arrays(bundle, kind):
            found[field] = made.from_arrays(arrays)
    return found


def _arrays(bundle: Bundle, kind: str) -> dict[str, NDArray[Any]]:
    """Arrays of one kind, by name."""
    named = [name.removesuffix(".npy") for name in bundle.manifest["files"] if name.startswith(kind)]
    return {name.removeprefix(kind): bundle.array(name) for name in named}


def _proof(bundle: Bundle) -> Grounds | None:
    if f"{PROOF}.json" not in bundle.manifest["files"]:
        return None
    from matchmaker.trajectories.grounds import Grounds

    return Grounds(**bundle.json(PROOF))


def _optional(fitted: Fitted) -> Iterator[tuple[str, NDArray[Any]]]:
    """What not every bundle has: accounts by population, motion and what stands beside it, what was learned."""
    parts = {
        HELD: _held_arrays(fitted),
        MOTION: fitted.motion.arrays() if fitted.motion else {},
        GAINS: fitted.gains.arrays() if fitted.gains else {},
        ENTRIES: fitted.entries.arrays() if fitted.entries else {},
        LEARNED: fitted.learned.arrays() if fitted.learned else {},
    }
    return ((f"{kind}{name}", values) for kind, arrays in parts.items() for name, values in arrays.items())


def _held_arrays(fitted: Fitted) -> dict[str, NDArray[Any]]:
    held = fitted.held
    if held is None:
        return {}
    named = {name: getattr(held, name) for name in ("offsets", "codes", "kinds", "values", "accounts")}
    return {name: values for name, values in named.items() if values is not None}


def _held(bundle: Bundle, state: dict[str, Any]) -> Incidence | None:
    if f"{HELD}codes.npy" not in bundle.manifest["files"]:
        return None
    from matchmaker.audience.incidence import Incidence

    stated = f"{HELD}values.npy" in bundle.manifest["files"]
    return Incidence(
        partner_ids=tuple(state["ids"]),
        offsets=bundle.array(f"{HELD}offsets"),
        codes=bundle.array(f"{HELD}codes"),
        kinds=bundle.array(f"{HELD}kinds"),
        values=bundle.array(f"{HELD}values") if stated else None,
        accounts=bundle.array(f"{HELD}accounts"),
        key_id=state["account_key_id"],
    )


def _learned(bundle: Bundle, space: Space) -> Learned | None:
    told = bundle.manifest.get("learned")
    if told is None:
        return None
    from matchmaker.matching.learned.model import Learned  # and SciPy, which the prior has no use for

    named = [name.removesuffix(".npy") for name in bundle.manifest["files"] if name.startswith(LEARNED)]
    return Learned.from_arrays({name.removeprefix(LEARNED): bundle.array(name) for name in named}, space, told)


def _check_places(bundle: Bundle, state: dict[str, Any]) -> None:
    """Every array of places must point into what it is about: large files are hashed only later. Raises BundleCorruptError."""
    partners = len(state["ids"])
    places = {"relations_a": partners, "relations_b": partners, "distinct": partners, "reference": partners}
    places |= {f"labels_{kind}_codes": len(labels) for kind, labels in state["labels"].items()}
    terms = len(state["vocabulary"])
    places |= {"lexical_indices": terms, "lexical_posted_rows": partners}
    ends = {f"labels_{kind}_offsets": f"labels_{kind}_codes" for kind in state["labels"]}
    ends |= {f"{name}_offsets": f"{name}_vectors" for name in ITEMS}
    ends["lexical_offsets"] = "lexical_indices"
    ends["lexical_posted_offsets"] = "lexical_posted_rows"
    counts = dict.fromkeys(ends, partners) | {"lexical_posted_offsets": terms}
    if f"{LEARNED}near_rows.npy" in bundle.manifest["files"]:
        places |= dict.fromkeys((f"{LEARNED}near_rows", f"{LEARNED}links"), partners) | {f"{LEARNED}stratum": STRATA}
        ends[f"{LEARNED}near_offsets"], counts[f"{LEARNED}near_offsets"] = f"{LEARNED}near_rows", partners
    if f"{HELD}codes.npy" in bundle.manifest["files"]:
        places[f"{HELD}codes"] = len(bundle.array(f"{HELD}accounts"))
        ends[f"{HELD}offsets"], counts[f"{HELD}offsets"] = f"{HELD}codes", partners
    if f"{GAINS}codes.npy" in bundle.manifest["files"]:
        moving = len(bundle.array(f"{MOTION}id_offsets")) - 1
        ends[f"{GAINS}offsets"], counts[f"{GAINS}offsets"] = f"{GAINS}codes", moving
    if state["accounts_universe"] is not None:
        places["accounts_codes"] = state["accounts_universe"]
        ends["accounts_offsets"], counts["accounts_offsets"] = "accounts_codes", partners
    wrong = [name for name, limit in places.items() if not _within(bundle.array(name), limit)]
    wrong += [
        name for name, of in ends.items() if not _offsets(bundle.array(name), len(bundle.array(of)), counts[name])
    ]
    if wrong:
        raise BundleCorruptError(
            f"{bundle.folder / wrong[0]}.npy points outside of what it is about: the file has changed. Build it again."
        )


def _within(places: NDArray[np.integer], limit: int) -> bool:
    return not len(places) or (int(places.min()) >= 0 and int(places.max()) < limit)


def _offsets(offsets: NDArray[np.integer], total: int, owners: int) -> bool:
    return (
        len(offsets) == owners + 1
        and int(offsets[0]) == 0
        and int(offsets[-1]) == total
        and bool(np.all(np.diff(offsets) >= 0))
    )


def _items(bundle: Bundle, name: str) -> Items:
    return Items(bundle.array(f"{name}_vectors"), bundle.array(f"{name}_offsets"))


def _accounts(bundle: Bundle, state: dict[str, Any]) -> AccountSets | None:
    if state["accounts_universe"] is None:
        return None
    return AccountSets(bundle.array("accounts_codes"), bundle.array("accounts_offsets"), state["accounts_universe"])


def _moved(fitted: Fitted) -> dict[str, Any] | None:
    """What the manifest tells of motion."""
    motion = fitted.motion
    if motion is None:
        return None
    from matchmaker.trajectories.motion import HORIZON
    from matchmaker.trajectories.observed import OLD

    proof = fitted.proof or OLD
    days = [day.isoformat() for day in motion.days]
    return {
        "partners": len(motion),
        "dates": len(days),
        "first": days[0],
        "last": days[-1],
        "facets": {name: int(np.sum(one.told)) for name, one in motion.facets.items()},
        "dated_accounts": 0 if fitted.gains is None else len(fitted.gains.codes),
        "segment_entries": 0 if fitted.entries is None else fitted.entries.seen,
        "proof": proof.sentence(HORIZON),
        "wording": proof.wording(HORIZON),
        "checks": [] if proof.proof is None else list(proof.proof["checks"]),
    }


def _facts(fitted: Fitted, now: datetime) -> dict[str, Any]:
    space = fitted.space
    return {
        "version": fitted.version,
        "created": now.isoformat(timespec="seconds"),
        "basis": "prior" if fitted.learned is None else "learned",
        "learned": None if fitted.learned is None else fitted.learned.facts,
        "config": fitted.config.model_dump(mode="json"),
        "encoder": {"name": fitted.encoder, "fingerprint": fitted.fingerprint},
        "catalogue": fitted.catalogue,
        "partners": len(space),
        "relations": len(fitted.relations.facts),
        "with_goals": int(np.sum(space.goals.counts() > 0)),
        "goals_from_peers": int(np.sum(space.inferred_goals)),
        "indexes": {
            name: {"kind": index.kind, "recall": float(index.recall), "probes": getattr(index, "probes", None)}
            for name, index in fitted.indexes.each().items()
        },
        "motion": _moved(fitted),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }
