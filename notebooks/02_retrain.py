# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Retrain a model on your own relations, and promote it
#
# History is learned from, held against the prior on a part that is kept back, and becomes current only if the release gate lets
# it pass. All of it happens on a copy; the bundle named in `MODEL` is never changed. For your own relations change the first
# cell and run all.

# %% tags=["parameters"]
MODEL = "models/sample"  # a bundle's folder, or a file of partners (CSV, JSONL, Parquet, Excel), which is indexed first
RELATIONS = None  # a file of your relations (a, b, type, status, ...), beside those of the bundle; None: these alone
COLUMNS = {}  # columns that are not recognised, for example {"relations": {"a": "Company", "b": "Works with"}}
SOURCE = "auto"  # what to learn from: links, accounts, or auto, which takes links where there are enough
SEED = 0  # of the splits and the training; the same seed gives the same weights
OUT = None  # where the copy is kept, in a new folder for every run; None: a temporary one that goes with the kernel
PARTNER = "loop-returns"  # whose list is read before and after; None takes the first one
K = 10  # length of that list

# %% [markdown]
# Paths are read from the root of the repository; where there is none, from the folder in which this runs.

# %%
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from matchmaker import Matchmaker, load_catalogue
from matchmaker.errors import GateRefusedError
from matchmaker.profiles.catalogue import load_relations
from matchmaker.registry.promotions import read
from matchmaker.registry.versions import comparison, listing, promote, rollback
from matchmaker.training.history import history_of
from matchmaker.training.train import train
from matchmaker.training.trial import OURS, PRIOR

HERE = Path.cwd()
ROOT = next((folder for folder in (HERE, *HERE.parents) if (folder / "models" / "sample").is_dir()), HERE)
BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito's, which stay apart for colour-blind readers; marks differ too
pd.set_option("display.max_colwidth", None)


def opened(path):
    """The engine of a bundle, or of a file of partners that is read and indexed now."""
    if path.is_dir():
        return Matchmaker.load(path)
    catalogue = load_catalogue(path, relations=ROOT / RELATIONS if RELATIONS else None, mapping=COLUMNS)
    print(*catalogue.report.summary(), sep="\n")
    warnings.filterwarnings("ignore", "IProgress not found")  # of a progress bar that nobody sees
    return Matchmaker().fit(catalogue)


temporary = None if OUT else TemporaryDirectory()
bundle = (ROOT / OUT if OUT else Path(temporary.name)) / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
bundle.mkdir(parents=True)
before = opened(ROOT / MODEL).save(bundle).name


def versions():
    """The versions of the copy, as a table."""
    return pd.DataFrame(listing(bundle))[["version", "basis", "from", "gate_passed", "forced", "current"]]


engine = Matchmaker.load(bundle)
print(f"The copy: {bundle}\n{engine.fitted.count:,} partners; answers rest on: {engine.basis}")
versions()

# %% [markdown]
# ## What there is to learn from
#
# Active and announced partnerships and integrations are links. A pair without a link is unlabelled: nobody has seen a link,
# which does not mean that there is none. Rows that are refused, and rows that teach nothing, are counted below with their
# reason.

# %%
own = load_relations(ROOT / RELATIONS, engine.fitted.space.ids, mapping=COLUMNS) if RELATIONS else None
if own is None:
    print("No file of relations is named: the history is what the bundle knows.")
else:
    rows = own.report.table("relations")
    print(f"{RELATIONS}: {rows.read:,} rows read, {rows.kept:,} kept, {rows.refused:,} refused")
found = [] if own is None else [issue for issue in own.report.issues if issue.severity == "refused"][:10]
refused = [{name: vars(issue)[name] for name in ("row", "column", "code", "expected", "found")} for issue in found]
pd.DataFrame(refused) if refused else None

# %%
history = history_of(engine.fitted, own.relations if own else ())
counted = history.to_dict()
print(
    f"{counted['links']:,} links among {counted['linked_partners']:,} partners, at most {counted['most_links_of_one']:,} of one; "
    f"{counted['apart']:,} pairs known not to go together."
)
left = [{"left out": reason, **told} for reason, told in history.left_out.to_dict().items()]
pd.DataFrame(left, columns=["left out", "rows", "first"])

# %% [markdown]
# ## Learn, and try it against the prior
#
# Part of the history is kept back: links at random (`warm`), and all links of some partners (`cold`); of accounts, half of them.
# What the rest taught ranks the candidates, and so does the prior. Too few links stop this with an error that says how many are
# needed.

# %%
begun = time.perf_counter()
trained = train(bundle, relations=own.relations if own else (), source=SOURCE, seed=SEED)
trial, verdict = trained.lesson.trial, trained.lesson.verdict
after = trained.version.name
print(
    f"Learned from {trained.lesson.learned.facts['from']} in {time.perf_counter() - begun:.0f} s. Not current yet: {after}"
)

# %%
METRICS = {
    "all.ndcg@10": "nDCG@10, all",
    "savanna.ndcg@10": "nDCG@10, without\nthe best linked",
    "tail.recall@10": "recall@10, tail",
    "matched.auc": "AUC among\nequals in fame",
}
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
for place, ((split, report), mark, colour) in enumerate(zip(trial.reports.items(), "os", (BLUE, ORANGE), strict=False)):
    ways = [report.differences[OURS, PRIOR][metric].two_way for metric in METRICS]
    middle = np.array([one.estimate for one in ways])
    reach = np.abs(np.array([[one.low, one.high] for one in ways]).T - middle)
    axes.errorbar(
        middle,
        np.arange(len(METRICS)) + 0.2 * place,
        xerr=reach,
        fmt=mark,
        color=colour,
        capsize=4,
        label=f"{split} split",
    )
axes.axvline(0, color="black", linewidth=0.8)
axes.set_yticks(np.arange(len(METRICS)) + 0.1 * (len(trial.reports) - 1), METRICS.values())
axes.invert_yaxis()
axes.set(
    title="With history minus the prior (95 % interval, both ends resampled)",
    xlabel="difference (0 to 1 scale)",
    ylabel="read",
)
axes.legend()
plt.show()

# %% [markdown]
# ## What the gate says

# %%
print(verdict.to_text())

# %% [markdown]
# **If it passes**, what is shown as a chance is calibrated to observed partnerships: of pairs shown with 0.3, about three in
# ten were observed as partners. It is not a probability of success.
#
# **If it refuses**, the prior stays, and that is a good answer: it is what the history supports. What helps depends on the
# demand:
#
# | demand | what helps |
# |---|---|
# | `askers` | links of more partners |
# | `gain` | more links of partners that are not famous; look at what was left out |
# | `aggregate` | more links: the interval narrows. Where the estimate itself is below zero the prior is better |
# | `not_fame` | history beyond the famous: as it stands it tells only who is popular |
# | `skill`, `calibration` | a complete record: links that nobody wrote down count as misses |
#
# Trying seeds until one passes undoes the gate. To promote in spite of it takes `force` and a reason; both are recorded.

# %% [markdown]
# ## What changed between the versions

# %%
compared = comparison(bundle, before, after)
pd.DataFrame(
    [
        {"section": section, "fact": fact, **pair}
        for section, facts in compared["differs"].items()
        for fact, pair in facts.items()
    ],
    columns=["section", "fact", "a", "b"],
).rename(columns={"a": "before", "b": "after"}).fillna("-")

# %% [markdown]
# ## Promote, behind the gate

# %%
try:
    promoted = promote(bundle, after)
    print(f"Promoted: {promoted['from']} -> {promoted['to']}")
except GateRefusedError as refusal:
    promoted = None
    print(f"Not promoted. {refusal}")
versions()

# %% [markdown]
# ## One partner's list, before and after
#
# Both versions are read by name, so this shows what the new one would answer even where it was refused. `known link` marks
# pairs of the history: a file of relations teaches the model, but only relations that the bundle was built with keep a partner
# out of the list.

# %%
asked = PARTNER or engine.fitted.space.ids[0]
old, new = (Matchmaker.load(bundle / version).recommend(asked, K, explain=False) for version in (before, after))
space = engine.fitted.space
linked = {frozenset(space.ids[row] for row in pair) for pair in history.links.ends.tolist()}
lists = pd.DataFrame(
    {
        "name": {match.partner: match.name for match in (*old, *new)},
        "rank before": {match.partner: match.rank for match in old},
        "rank after": {match.partner: match.rank for match in new},
        "mutual": {match.partner: match.mutual for match in (*old, *new)},
        "chance of being observed as partners": {match.partner: match.history["chance"] for match in new},
    }
)
lists["known link"] = [frozenset((new.partner, partner)) in linked for partner in lists.index]
print(f"Before: {old.basis}. After: {new.basis}.")
lists.sort_values(["rank after", "rank before"]).astype({"rank before": "Int64", "rank after": "Int64"}).round(
    3
).astype(object).fillna("-")

# %% [markdown]
# ## Roll back
#
# Rolling back goes to the version that was current before; done twice, it ends where it began. Every change is recorded.

# %%
if promoted is None:
    print(f"Nothing was promoted, so there is nothing to roll back: {before} has been current all along.")
else:
    print("Back:", rollback(bundle)["to"])
    print("And forward again:", rollback(bundle)["to"])
pd.DataFrame(
    [change.to_dict() for change in read(bundle)[0]],
    columns=["at", "how", "from", "to", "gate_passed", "forced", "reason"],
)

# %%
print(f"Current in the end: {next(one['version'] for one in listing(bundle) if one['current'])}")
if OUT:
    print(f"To ask it: matchmaker recommend {new.partner} -m {bundle}")
else:
    print("The copy goes with the kernel; to keep it, name a folder in OUT.")

# %% [markdown]
# On the command line `matchmaker train -m BUNDLE --relations FILE --promote` does the same to a bundle itself.
