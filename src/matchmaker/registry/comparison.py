"""How two versions differ, as their manifests tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COUNTS = ("partners", "relations", "with_goals", "goals_from_peers")
_PLAIN = ("config", "encoder", "indexes", "libraries")
_HISTORY = ("from", "seed", "base", "data")


def compared(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """How the versions of two manifests differ.

    Returns:
        `differs`: of each of `catalogue`, `counts`, `config`, `encoder`, `indexes`, `libraries` and `history` those facts that
        are not the same, by their dotted name, each as `{"a": …, "b": …}`, None where one lacks it.
        `comparable`: whether both learned, and from the same catalogue, history and seed: only then were their figures measured on
        the same questions.
        `figures`: by split and metric what each manifest holds, None where one lacks it.
        `probability`, `gate`: of each, None where one has none.

    """
    learned = {"a": a.get("learned") or {}, "b": b.get("learned") or {}}
    ours, theirs = _sections(a), _sections(b)
    return {
        "differs": {name: _differing(ours[name], theirs[name]) for name in ours},
        "comparable": all(learned.values()) and _measured_on(a) == _measured_on(b),
        "figures": _figures(*(one.get("figures") or {} for one in learned.values())),
        **{name: {side: one.get(name) for side, one in learned.items()} for name in ("probability", "gate")},
    }


def _sections(facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    learned = facts.get("learned") or {}
    history = {name: learned[name] for name in _HISTORY if name in learned}
    return {
        "catalogue": {"fingerprint": facts.get("catalogue")},
        "counts": {name: facts.get(name) for name in _COUNTS},
        **{name: _flat(facts.get(name) or {}) for name in _PLAIN},
        "history": {"basis": facts.get("basis"), **_flat(history)},
    }


def _measured_on(facts: Mapping[str, Any]) -> list[Any]:
    return [facts.get("catalogue"), *(facts["learned"].get(name) for name in ("from", "seed", "data"))]


def _flat(values: Mapping[str, Any], under: str = "") -> dict[str, Any]:
    """Nested mappings as one, by dotted names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= _flat(value, f"{under}{name}.") if isinstance(value, Mapping) else {f"{under}{name}": value}
    return found


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {"a": a.get(name), "b": b.get(name)} for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)
    }


def _figures(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        split: {
            metric: {"a": a.get(split, {}).get(metric), "b": b.get(split, {}).get(metric)}
            for metric in dict.fromkeys([*a.get(split, {}), *b.get(split, {})])
        }
        for split in dict.fromkeys([*a, *b])
    }
