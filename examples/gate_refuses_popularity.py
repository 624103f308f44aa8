"""The release gate refuses a model that has learned who is famous, and nothing about who goes with whom.

    python examples/gate_refuses_popularity.py

Two models are held against the same prior on links that both have never seen. One ranks by fame: over all candidates it looks far
better than the prior. The other knows which market a partner is in. The gate lets only the second one pass.
"""

from __future__ import annotations

import numpy as np

from matchmaker.evaluation import evaluate, hide_links, judge
from matchmaker.evaluation.baselines import from_matrix, popularity
from matchmaker.evaluation.splits import adjacency

PARTNERS, MARKETS, HUBS = 240, 12, 12
rng = np.random.default_rng(0)

# A made-up ecosystem: everybody links with the hubs now and then, and with partners of the same market.
market = rng.integers(0, MARKETS, PARTNERS)
same_market = market[:, None] == market[None, :]
hub = np.arange(PARTNERS) < HUBS
chance = np.where(hub[None, :] | hub[:, None], 0.35, np.where(same_market, 0.25, 0.004))
a, b = np.nonzero(np.triu(rng.random(chance.shape) < chance, 1))
links = np.stack((a, b), axis=1)

# Half of the links is hidden. Fame is counted on the other half, as it would be in training.
split = hide_links(links, PARTNERS, 0.5, rng=1)
task = split.task()
fame = adjacency(split.train, PARTNERS).sum(axis=1)

# The prior: a weak idea of the markets. What a gate is asked to replace is never nothing.
prior = evaluate(task, from_matrix(same_market + rng.normal(0.0, 1.5, chance.shape)))
only_fame = evaluate(task, popularity(fame))
knows_markets = evaluate(task, from_matrix(same_market + 0.2 * np.log1p(fame)[None, :]))

for name, reading in (("ranks by fame alone", only_fame), ("knows the markets", knows_markets)):
    figures = reading.means()
    print(f"{name}: nDCG@10 {figures['all.ndcg@10']:.2f}, prior {prior.means()['all.ndcg@10']:.2f}")
    # No probability is shown to anybody here, so none is judged: None.
    print(judge(reading, prior, None, popularity=only_fame).to_text(), end="\n\n")
