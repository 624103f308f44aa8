"""Small random ecosystems full of gaps and ties, and every formula of docs/concepts.md written out for one pair at a time."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np

from matchmaker import Catalogue, Config, Interface, Matchmaker, Partner, Relation
from matchmaker.profiles.accounts import AccountTable
from matchmaker.profiles.facets import build_facets, content_key
from matchmaker.retrieval.lexical import terms
from tests.conftest import WordEncoder

WORDS = "returns shipping reviews loyalty payments tax search email stock support fraud rostering lenses".split()
CATEGORIES, PLACES = ("returns", "shipping", "tax", "email"), ("europe", "canada", "australia", "global")
LABEL_KINDS = ("categories", "industries", "regions", "company_sizes", "neighbours", "objects")
MINIMUM = 20


class QuickWords(WordEncoder):
    """The word encoder in few dimensions, each word drawn once."""

    dimension = 32
    fingerprint = "words-32"

    def __init__(self):
        super().__init__()
        self._seen = {}

    def encode(self, texts, *, progress=None):
        new = [text for text in dict.fromkeys(texts) if text not in self._seen]
        self._seen.update(zip(new, super().encode(new), strict=True))
        return np.array([self._seen[text] for text in texts], dtype=np.float32).reshape(-1, self.dimension)


ENCODER = QuickWords()


def some(rng, values, most):
    return tuple(dict.fromkeys(rng.choice(values, size=rng.integers(0, most + 1)).tolist()))


def make_world_partner(rng, number, count):
    pick = lambda size: " ".join(rng.choice(WORDS, size=size))  # noqa: E731
    return Partner(
        id=f"w{number:02d}",
        name=f"{pick(2)} {number}",
        description=f"{pick(3)}. {pick(4)}." if rng.random() < 0.8 else "",
        audience=f"shops for {rng.choice(WORDS[:3])} and {rng.choice(WORDS)}" if rng.random() < 0.8 else "",
        goals=tuple(f"better {word}" for word in some(rng, WORDS, 3)),
        capabilities=tuple(f"{word} tools" for word in some(rng, WORDS, 3)),
        categories=some(rng, CATEGORIES, 2),
        regions=some(rng, PLACES, 2),
        industries=some(rng, ("food", "beauty"), 1),
        company_sizes=some(rng, ("small", "large"), 1),
        integrations=some(rng, [f"w{other:02d}" for other in range(count)], 2),
        interface=Interface(objects=some(rng, ("order", "item"), 2)),
        size=float(rng.integers(1, 10**5)) if rng.random() < 0.7 else None,
    )


def make_accounts(rng, ids):
    rows = [
        (partner, f"a{account}")
        for partner in ids
        for account in rng.choice(60, size=rng.integers(0, 45), replace=False)
    ]
    count = len(rows)
    return AccountTable(
        tuple(partner for partner, _ in rows),
        tuple(account for _, account in rows),
        ("customer",) * count, (None,) * count, (None,) * count, (None,) * count, "key",
    )  # fmt: skip


def make_world(seed, count=26):
    rng = np.random.default_rng(seed)
    partners = [make_world_partner(rng, number, count) for number in range(count)]
    kinds = ("partnership", "competitor", "integration", "acquisition")
    pairs = [rng.choice(count, size=2, replace=False) for _ in range(count // 3)]
    relations = [
        Relation(a=f"w{a:02d}", b=f"w{b:02d}", type=kinds[place % 4], status=("active", "ended")[place % 3 == 2])
        for place, (a, b) in enumerate(pairs)
    ]
    catalogue = Catalogue.from_partners(partners, relations)
    return replace(catalogue, accounts=make_accounts(rng, [partner.id for partner in partners]))


@cache
def fitted_world(seed, count=26):
    return Matchmaker(Config(reference_size=22), encoder=ENCODER).fit(make_world(seed, count))


class Oracle:
    """The formulas in loops over texts, words and sets of strings, for one pair at a time."""

    def __init__(self, catalogue, engine):
        self.partners, self.space, self.whitening = catalogue.partners, engine.fitted.space, engine.fitted.whitening
        self.goals = [engine.fitted.voice(row).goals for row in range(len(self.partners))]
        self.facets = [build_facets(partner) for partner in self.partners]
        first = {}
        for row, partner in enumerate(self.partners):
            first.setdefault(content_key(partner), row)
        self.distinct = sorted(first.values())
        self.labels = {
            kind: [self._labels(catalogue, row, kind) for row in range(len(self.partners))] for kind in LABEL_KINDS
        }
        self.accounts = [set() for _ in self.partners]
        rows = {partner.id: row for row, partner in enumerate(self.partners)}
        for partner, account in zip(catalogue.accounts.partner_ids, catalogue.accounts.accounts, strict=True):
            self.accounts[rows[partner]].add(account)
        said = [set(terms(facet.wording)) for facet in self.facets]
        known = {term for row in self.distinct for term in said[row]}
        df = {term: sum(term in said[row] for row in self.distinct) for term in known}
        self.said = [{term for term in words if df.get(term, 0) >= 2} for words in said]
        self._weights, self._best, self._floors = {}, {}, {}
        self.idf = {term: (1 + math.log((1 + len(self.distinct)) / (1 + seen))) ** 1.5 for term, seen in df.items()}

    def _labels(self, catalogue, row, kind):
        partner = self.partners[row]
        if kind == "objects":
            return set(partner.interface.objects)
        if kind != "neighbours":
            return set(getattr(partner, kind))
        links = set(partner.integrations)
        for one in catalogue.relations:
            if one.type in ("partnership", "integration") and one.status not in ("ended", "declined"):
                links |= {one.b} if one.a == partner.id else {one.a} if one.b == partner.id else set()
        return links

    def weight(self, kind, label):
        if (kind, label) not in self._weights:
            carriers = sum(label in self.labels[kind][row] for row in self.distinct)
            self._weights[kind, label] = math.log(1 + len(self.distinct) / max(1, carriers))
        return self._weights[kind, label]

    def mass(self, kind, labels):
        return sum(self.weight(kind, label) for label in labels)

    def jaccard(self, kind, i, j):
        mine, theirs = self.labels[kind][i], self.labels[kind][j]
        return self.mass(kind, mine & theirs) / self.mass(kind, mine | theirs) if mine and theirs else math.nan

    def regions(self, i, j):
        mine, theirs = self.labels["regions"][i], self.labels["regions"][j]
        if not mine or not theirs:
            return math.nan
        if "global" in mine | theirs:
            return 1.0
        return self.mass("regions", mine & theirs) / min(self.mass("regions", mine), self.mass("regions", theirs))

    def fit(self, i, j):
        parts = [self.regions(i, j)] + [
            self.jaccard(kind, i, j) for kind in ("company_sizes", "industries", "neighbours", "objects")
        ]
        known = [part for part in parts if not math.isnan(part)]
        return sum(known) / len(known) if known else math.nan

    def overlap(self, i, j):
        mine, theirs = self.accounts[i], self.accounts[j]
        if min(len(mine), len(theirs)) < MINIMUM:
            return math.nan
        expected = len(mine) * len(theirs) / len(set().union(*self.accounts))
        shape = len(mine & theirs) + 1.0
        low = shape * max(1 - 1 / (9 * shape) - 1.645 / (3 * math.sqrt(shape)), 1e-3) ** 3
        return math.log(low / (expected + 1.0))

    def lexical(self, i, j):
        mine, theirs = self.said[i], self.said[j]
        norms = [math.sqrt(sum(self.idf[term] ** 2 for term in words)) for words in (mine, theirs)]
        common = sum(self.idf[term] ** 2 for term in mine & theirs)
        return common / (norms[0] * norms[1]) if mine and theirs else 0.0

    def strength(self, i, j):
        fewer = min(len(self.said[i]), len(self.said[j]))
        return fewer / (fewer + 100)

    def vector(self, kind, i):
        texts = {
            "audience": self.facets[i].audience,
            "topic": (self.facets[i].profile,),
            "summary": (self.facets[i].summary,),
            "redundancy": self.facets[i].offers,
        }[kind]
        if not texts:
            return None
        mean = np.sum(ENCODER.encode(texts), axis=0, dtype=np.float64)
        mean = mean / np.linalg.norm(mean)
        return self.whitening[kind].apply(mean[None, :])[0] if kind in self.whitening else mean

    def cosine(self, kind, i, j):
        one, other = self.vector(kind, i), self.vector(kind, j)
        inferred = kind == "audience" and any("audience" in self.facets[row].inferred for row in (i, j))
        return math.nan if one is None or other is None or inferred else float(np.dot(one, other))

    def best(self, text, i):
        if (text, i) not in self._best:
            goal, offers = ENCODER.encode([text])[0], ENCODER.encode(self.facets[i].offers)
            self._best[text, i] = max((float(goal @ offer) for offer in offers), default=0.0)
        return self._best[text, i]

    def floor(self, text, i):
        if (text, i) not in self._floors:
            reach = sorted(self.best(text, row) for row in self.space.reference)
            self._floors[text, i] = max(0.3, reach[int(0.85 * (len(reach) - 1))], self.best(text, i))
        return self._floors[text, i]

    def gain(self, i, j):
        goals = self.goals[i]
        if not goals or not self.facets[j].offers:
            return math.nan
        return sum(max(0.0, self.best(goal, j) - self.floor(goal, i)) for goal in goals) / len(goals)

    def raw(self, kind, i, j):
        """Raw evidence of one kind: what j is worth to i."""
        if kind == "category":
            return self.jaccard("categories", i, j)
        if kind in ("gain", "fit", "overlap", "lexical"):
            return getattr(self, kind)(i, j)
        return self.cosine(kind, i, j)
