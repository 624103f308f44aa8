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
# # Evaluate and calibrate
#
# The prior, what history adds, and the usual baselines, read on a part of the history that is kept back; whether the numbers
# that are shown come true as often as they say; and what the release gate makes of it. The bundle is not changed. For your own
# files change the first cell and run all.

# %% tags=["parameters"]
MODEL = "models/sample"  # a bundle's folder, or a file of partners (CSV, JSONL, Parquet, Excel), which is indexed first
RELATIONS = None  # a file of your relations (a, b, type, status, ...), beside those of the bundle; None: these alone
COLUMNS = {}  # columns that are not recognised, for example {"relations": {"a": "Company", "b": "Works with"}}
SOURCE = "auto"  # what to learn from: links, accounts, or auto, which takes links where there are enough
SEED = 0  # of the splits, the training and the intervals
OUT = None  # where the page is kept; None writes it to a temporary folder that goes with the kernel

# %% [markdown]
# Paths are read from the root of the repository; where there is none, from the folder in which this runs.

# %%
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from matchmaker import Matchmaker, load_catalogue
from matchmaker.evaluation import Curves, Interval, html_page
from matchmaker.evaluation.plots import told
from matchmaker.profiles.catalogue import load_relations
from matchmaker.training.examine import examine
from matchmaker.training.history import history_of
from matchmaker.training.trial import OURS, PRIOR

HERE = Path.cwd()
ROOT = next((folder for folder in (HERE, *HERE.parents) if (folder / "models" / "sample").is_dir()), HERE)
# Okabe and Ito's colours, which stay apart for colour-blind readers; marks differ too.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"
pd.set_option("display.max_colwidth", None)


def opened(path):
    """The engine of a bundle, or of a file of partners that is read and indexed now."""
    if path.is_dir():
        return Matchmaker.load(path)
    catalogue = load_catalogue(path, relations=ROOT / RELATIONS if RELATIONS else None, mapping=COLUMNS)
    print(*catalogue.report.summary(), sep="\n")
    warnings.filterwarnings("ignore", "IProgress not found")  # of a progress bar that nobody sees
    return Matchmaker().fit(catalogue)


engine = opened(ROOT / MODEL)
own = load_relations(ROOT / RELATIONS, engine.fitted.space.ids, mapping=COLUMNS) if RELATIONS else None
if own is not None:
    rows = own.report.table("relations")
    print(f"{RELATIONS}: {rows.read:,} rows read, {rows.kept:,} kept, {rows.refused:,} refused")
history = history_of(engine.fitted, own.relations if own else ())
pd.Series(
    {name.replace("_", " "): value for name, value in history.to_dict().items() if isinstance(value, int)}
).to_frame("history")

# %% [markdown]
# ## Everything on the same questions
#
# Links are kept back at random (`warm`), and all of some partners at once (`cold`); of accounts, half of them. Every candidate is
# ranked. A pair without a link is unlabelled and counts as wrong for every scorer alike, so the figures are lower bounds.

# %%
begun = time.perf_counter()
trial = examine(engine.fitted, history, source=SOURCE, seed=SEED)
print(f"{time.perf_counter() - begun:.0f} s")
pd.DataFrame({split: report.facts for split, report in trial.reports.items()}).astype(int)

# %% [markdown]
# ## The three reads
#
# Fame passes for skill over all candidates. So the lists are read again without the best linked partners (the savanna), and for
# the partners with few links alone (the tail).

# %%
READS = {
    "all.ndcg@10": "All candidates\nnDCG@10 (0 to 1)",
    "savanna.ndcg@10": "Savanna: without the best linked\nnDCG@10 (0 to 1)",
    "tail.recall@10": "Tail: few links\nrecall@10 (share of true partners)",
}


def spread(intervals):
    """Middles (n,) of intervals, and how far they reach to both sides, (2, n)."""
    middle = np.array([one.estimate for one in intervals])
    return middle, np.abs(np.array([[one.low, one.high] for one in intervals]).T - middle)


for split, report in trial.reports.items():
    scorers = list(report.figures)
    figure, panels = plt.subplots(1, 3, figsize=(11, 1.4 + 0.32 * len(scorers)), sharey=True, layout="constrained")
    figure.suptitle(f"Every scorer in the three reads, {split} split (mean, 95 % interval by asking partner)")
    for axes, (metric, title) in zip(panels, READS.items(), strict=True):
        for place, scorer in enumerate(scorers):
            mark, colour = {OURS: ("o", BLUE), PRIOR: ("s", ORANGE)}.get(scorer, ("d", GREY))
            middle, reach = spread([report.figures[scorer][metric]])
            axes.errorbar(middle, [place], xerr=reach, fmt=mark, color=colour, capsize=3)
        edge = max((high for one in report.figures.values() if (high := one[metric].high) > 0), default=1.0)
        axes.set(xlabel=title, xlim=(-0.03 * edge, 1.05 * edge))
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(scorers)), scorers)
    panels[0].set_ylabel("scorer")
    panels[0].invert_yaxis()
    plt.show()

# %% [markdown]
# The same as differences from what history adds: above zero it is better than that baseline, on the same draws with both ends
# of a pair resampled.

# %%
pd.DataFrame(
    {
        (split, metric): {
            other: told(of[metric].two_way) for (ours, other), of in report.differences.items() if ours == OURS
        }
        for split, report in trial.reports.items()
        for metric in (*READS, "matched.auc")
    }
).rename_axis(index=f"{OURS} minus")

# %% [markdown]
# ## Calibration
#
# A chance is calibrated to observed partnerships: where 0.3 is shown, three in ten should have been observed. It is not a
# probability of success. It is read on partners that the calibration was not fitted on, over the 20 that each of their lists
# shows, in bins of equal size. Skill is the share of the base rate's error that it takes away: at 0 it says no more than one
# number for all pairs.

# %%
chance = trial.probability
bins = chance.bins
edge = 1.08 * max(bins.predicted.max(), bins.observed.max(), 0.02)
figure, axes = plt.subplots(figsize=(6, 5.5), layout="constrained")
axes.plot([0, edge], [0, edge], color=GREY, linestyle=":", label="as often as it says")
axes.plot(
    bins.predicted,
    bins.observed,
    color=BLUE,
    marker="o",
    label=f"{len(bins.count)} bins of about {bins.count.mean():.0f} pairs",
)
axes.set(
    title=f"Calibration of the shown 20: ECE {chance.ece:.3f}",
    xlabel="chance shown (mean of the bin, 0 to 1)",
    ylabel="observed as partners (share of the bin, 0 to 1)",
    xlim=(0, edge),
    ylim=(0, edge),
)
axes.legend()
plt.show()
print(
    f"Brier skill {told(chance.skill)} over {chance.pairs:,} pairs, {chance.base_rate:.1%} of which were observed; "
    f"{chance.shown:,} of them were shown."
)

# %% [markdown]
# ## What `popularity_weight` trades
#
# One point for each weight, from small-but-mighty (0) to famous (1). These figures are no way to choose a weight: nothing that
# is reported may choose a setting.

# %%
across, wide = spread([point.ndcg for point in trial.dial])
up, high = spread([point.tail for point in trial.dial])
figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
axes.errorbar(across, up, xerr=wide, yerr=high, color=BLUE, ecolor=GREY, elinewidth=0.8, capsize=3, marker="o")
for point, x, y in zip(trial.dial, across, up, strict=True):
    axes.annotate(f"{point.weight:g}", (x, y), xytext=(6, 6), textcoords="offset points")
axes.set(
    title="popularity_weight from 0 to 1, with history, warm split (95 % interval)",
    xlabel="over all candidates: nDCG@10 (0 to 1)",
    ylabel="in the tail: recall@10 (share of true partners)",
)
plt.show()

# %% [markdown]
# ## What the gate demands
#
# All of it must hold for a learned part to replace the prior. Where one does not, the prior stays.

# %%
print("Passed: the learned part may be released." if trial.verdict.passed else "Refused: the prior stays.")
pd.DataFrame(
    [
        {
            "demand": check.name,
            "met": "yes" if check.passed else "no",
            "figure": told(check.figure) if isinstance(check.figure, Interval) else f"{check.figure:.3f}",
            "bound": f"{check.bound:g}",
            "in words": check.sentence,
        }
        for check in trial.verdict.checks
    ]
).set_index("demand")

# %% [markdown]
# ## The page
#
# One HTML file with all of this, for somebody without Python. It asks nothing of any other place.

# %%
temporary = None if OUT else TemporaryDirectory()
page = (ROOT / OUT if OUT else Path(temporary.name)) / "evaluation.html"
page.parent.mkdir(parents=True, exist_ok=True)
curves = Curves({OURS: trial.probability.bins}, {OURS: trial.dial})
page.write_text(html_page(list(trial.reports.values()), trial.verdict, curves), encoding="utf-8")
print(f"{page}: {page.stat().st_size / 1e6:.1f} MB")
