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
# # Explore an ecosystem
#
# Who is in it, whom one partner should talk to and why, where everybody stands, and what the dial between small and famous
# does, and who moves toward whom. Nothing is written. For your own ecosystem change the first cell and run all.

# %% tags=["parameters"]
MODEL = "models/sample"  # a bundle's folder, or a file of partners (CSV, JSONL, Parquet, Excel), which is indexed first
RELATIONS = None  # a file of relations, read with a file of partners; a bundle holds its own
COLUMNS = {}  # columns that are not recognised, for example {"partners": {"audience": "Who we serve"}}
PARTNER = "loop-returns"  # id or exact name; None takes the first one
OTHER = None  # whom to explain beside PARTNER; None takes its best match
K = 10  # length of a list
ASKED = 40  # partners whose lists are read for the dial
SEED = 0  # which partners these are
SNAPSHOTS = "data/sample/synthetic/snapshots.jsonl"  # dated profiles, of fictional firms here; None leaves motion out
MOVER = "fictional-granite-parcel"  # whose orbit is drawn; None takes the first one of the snapshots

# %% [markdown]
# Paths are read from the root of the repository; where there is none, from the folder in which this runs.

# %%
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from matchmaker import Matchmaker, load_catalogue
from matchmaker.encoders import open_encoder
from matchmaker.evaluation import mean_interval
from matchmaker.profiles.schema import SIZE_BANDS
from matchmaker.trajectories.encode import fit_motion
from matchmaker.trajectories.figure import orbit_figure
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.wording import wording

HERE = Path.cwd()
ROOT = next((folder for folder in (HERE, *HERE.parents) if (folder / "models" / "sample").is_dir()), HERE)
# Okabe and Ito's colours, which stay apart for colour-blind readers; marks differ too.
BLUE, ORANGE, GREEN, SKY, PINK, AMBER, YELLOW, GREY = (
    "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#CC79A7", "#E69F00", "#F0E442", "#999999",
)  # fmt: skip
plt.rcParams["text.parse_math"] = False  # a name with dollar signs is a name


def opened(path):
    """The engine of a bundle, or of a file of partners that is read and indexed now."""
    if path.is_dir():
        return Matchmaker.load(path)
    catalogue = load_catalogue(path, relations=ROOT / RELATIONS if RELATIONS else None, mapping=COLUMNS)
    print(*catalogue.report.summary(), sep="\n")
    warnings.filterwarnings("ignore", "IProgress not found")  # of a progress bar that nobody sees
    return Matchmaker().fit(catalogue)


engine = opened(ROOT / MODEL)
ids = engine.fitted.space.ids
print(
    f"{engine.fitted.count:,} partners, {len(engine.fitted.relations.facts):,} relations; answers rest on: {engine.basis}"
)

# %% [markdown]
# ## Who is in it
#
# A partner with several categories counts in each of them. Sizes are bands of customers or reach, as the catalogue states them.

# %%
profiles = pd.DataFrame(engine.fitted.profiles.shown(range(engine.fitted.count)))
each = profiles.explode("categories").fillna({"categories": "not stated"})
bands = [*SIZE_BANDS, "unknown"]
counts = pd.crosstab(each["categories"], each["size_band"].fillna("unknown")).reindex(columns=bands, fill_value=0)
counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
counts.assign(partners=counts.sum(axis=1)).head(10)

# %%
shown = counts.head(30).loc[:, lambda table: table.any()].iloc[::-1]
shades = {
    **dict(zip(SIZE_BANDS, plt.get_cmap("cividis")(np.linspace(0, 1, len(SIZE_BANDS))), strict=True)),
    "unknown": "white",
}
figure, axes = plt.subplots(figsize=(8, 1.2 + 0.24 * len(shown)), layout="constrained")
shown.plot.barh(
    stacked=True, ax=axes, width=0.8, color=[shades[band] for band in shown], edgecolor="black", linewidth=0.4
)
axes.set(
    title=f"Partners by category and size ({len(shown)} of {len(counts)} categories)",
    xlabel="partners (count)",
    ylabel="category",
)
axes.legend(title="size (customers or reach)", fontsize="small")
plt.show()

# %% [markdown]
# ## Whom a partner should talk to
#
# Values are percentiles on each side's own scale, 0 to 1; `mutual`, their harmonic mean, stays near what the weaker side gets.
# They say how a match compares with others, not how likely it is to succeed. The order also mixes categories and sizes and
# holds rivals back, so `mutual` need not fall from row to row. Whom it already has is not listed.

# %%
partner = PARTNER or ids[0]
found = engine.recommend(partner, K)
for note in found.notes:
    print(f"note: {note}")
table = found.to_frame()
table["motions"] = [", ".join(one["name"] for one in motions) for motions in table["motions"]]
table["categories"] = table["categories"].str.join(", ")
told = "name mutual value_to_you value_to_them balance weaker_side one_way_street fit_type motions categories size_band confidence"
table.set_index("rank")[told.split()].round(3)

# %% [markdown]
# ## Why: one match from both sides
#
# Each side's contributions add up to its evidence, in nats: 0.7 is the middle of its scale, 2.3 the best tenth, 4.6 the best
# hundredth (docs/concepts.md). Evidence that is not known for this pair, or says nothing, has no bars.

# %%
why = engine.explain(partner, OTHER or found.matches[0].partner)
names = {why.a: found.name, why.b: why.match.name}
for side in why.match.sides:
    print(f"To {names[side.receiver]} (value {side.value:.2f}): {side.sentence}")
print(f"The weaker side is {names.get(why.weaker_side, why.weaker_side)}.", *why.notes, sep="\n")
if why.match.history:
    print(
        f"Chance of being observed as partners: {why.match.history['chance']:.3f}, calibrated to observed partnerships."
    )
parts = pd.DataFrame({side.receiver: side.contributions for side in why.match.sides})
parts = parts[parts.any(axis=1)].loc[lambda rows: rows.sum(axis=1).sort_values(ascending=False, kind="stable").index]

figure, axes = plt.subplots(figsize=(8, 1.6 + 0.4 * len(parts)), layout="constrained")
parts.plot.barh(ax=axes, width=0.75, color=[BLUE, ORANGE], edgecolor="black", linewidth=0.4)
for bar in axes.containers[-1]:
    bar.set_hatch("//")
axes.invert_yaxis()
axes.set(
    title=f"What {names[why.a]} and {names[why.b]} would get from each other",
    xlabel="contribution (nats)",
    ylabel="evidence",
)
axes.legend([names[receiver] for receiver in parts], title="worth to", loc="lower right")
plt.show()

# %% [markdown]
# ## Where everybody stands
#
# Partners near each other say alike things of themselves. The axes of such a map have no meaning and no unit; only nearness
# has.

# %%
ecosystem = engine.map()
spots = pd.DataFrame(ecosystem.partners).set_index("partner")
often = spots["category"].value_counts().index[:7]
marks = dict(zip(often, zip("osD^vPX", (BLUE, AMBER, GREEN, SKY, PINK, ORANGE, YELLOW), strict=True), strict=False))
listed = [match.partner for match in found if match.partner in spots.index]

figure, axes = plt.subplots(figsize=(9, 7), layout="constrained")
rest = spots[~spots["category"].isin(often)]
axes.scatter(rest["x"], rest["y"], s=14, color=GREY, label="other categories")
for category, (mark, colour) in marks.items():
    of = spots[spots["category"] == category]
    axes.scatter(of["x"], of["y"], s=34, marker=mark, color=colour, edgecolor="black", linewidth=0.4, label=category)
axes.scatter(
    spots.loc[listed, "x"],
    spots.loc[listed, "y"],
    s=150,
    facecolor="none",
    edgecolor="black",
    label=f"best {len(listed)} matches",
)
if found.partner in spots.index:
    axes.scatter(*spots.loc[found.partner, ["x", "y"]], s=260, marker="*", color="black", label=found.name)
for name, x, y in spots.loc[listed, ["name", "x", "y"]].itertuples(index=False):
    axes.annotate(name, (x, y), xytext=(7, 5), textcoords="offset points", fontsize="small")
trust = "" if ecosystem.trustworthiness is None else f", trustworthiness {ecosystem.trustworthiness:.2f}"
axes.set(
    title=f"{ecosystem.shown:,} of {ecosystem.total:,} partners{trust}",
    xlabel="map x (no unit)",
    ylabel="map y (no unit)",
)
axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ## Small but mighty
#
# `popularity_weight` tilts a list from small-but-mighty (0) to famous (1); 0.5 leaves it alone. No value changes, only the
# order.

# %%
weights = (0.0, 0.25, 0.5, 0.75, 1.0)
pd.DataFrame(
    {
        f"{weight:g}": [match.name for match in engine.recommend(partner, 5, popularity_weight=weight, explain=False)]
        for weight in weights[::2]
    }
).rename_axis(index="place", columns="popularity_weight")

# %%
rows = np.random.default_rng(SEED).permutation(engine.fitted.count)[:ASKED]
size = {one: float(value) for one, value in zip(ids, engine.fitted.space.size, strict=True)}


def listed_size(asking, weight):
    """Mean size percentile of the partners that a list shows, NaN where none is known."""
    sizes = pd.Series(
        [size[match.partner] for match in engine.recommend(asking, K, popularity_weight=weight, explain=False)]
    )
    return sizes.mean()


levels = [
    mean_interval(np.array([listed_size(ids[row], weight) for row in rows]), np.arange(len(rows)), rng=SEED)
    for weight in weights
]
if levels[0].n == 0:
    print("No sizes are known in this ecosystem, so the dial has nothing to turn on.")
else:
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    middle = np.array([level.estimate for level in levels])
    reach = np.abs(np.array([[level.low, level.high] for level in levels]).T - middle)
    axes.errorbar(weights, middle, yerr=reach, color=BLUE, marker="o", capsize=4)
    axes.set(
        title=f"Size of who is listed, {len(rows)} partners asking (mean, 95 % interval)",
        xlabel="popularity_weight (0 small-but-mighty, 1 famous)",
        ylabel="size in the ecosystem (percentile, 0 to 1)",
        ylim=(0, 1),
    )
    plt.show()

# %% [markdown]
# ## Who is alike
#
# Look-alikes are rivals or examples, not matches: likeness is no complement.

# %%
alike = engine.similar([found.partner], K).to_frame()
alike["categories"] = alike["categories"].str.join(", ")
alike.set_index("rank")[["name", "similarity", "categories"]].round(3)

# %% [markdown]
# ## Who moves toward whom
#
# Of dated profiles: tracks up to now, the way ahead with its 80 % ellipse, and a star where two are about to meet
# (docs/collisions.md). Nearness in the plane is nearness in truth only as far as the share of distances that it keeps.

# %%
orbit = None
if SNAPSHOTS is None or not (ROOT / SNAPSHOTS).exists():
    print("No dated profiles, so that nobody is seen to move.")
else:
    warnings.filterwarnings("ignore", "IProgress not found")
    history = read_snapshots(ROOT / SNAPSHOTS)
    motion = fit_motion(history, open_encoder("minilm"))
    row = motion.rows[MOVER or motion.ids[0]]

    def called(one):
        """The name of a row of the motion, as it was last."""
        dated = history.profiles[motion.ids[one]]
        return dated[max(dated)].name

    met = motion.collisions(row, K)
    for one in met:
        print(f"{one.rank}. {called(one.pair.b)}: {one.chance:.0%} in {one.facet} on {one.pair.until}")
        print(*(f"   {said}" for said in one.pair.sentences(called(row), called(one.pair.b))), sep="\n")
    print(wording(False) if met else "Nobody is about to be met: no trajectory converges that surely.")
    orbit = orbit_figure(motion.orbit(row), called)
orbit
