import numpy as np
import pytest

from matchmaker import Catalogue, Config, Partner, Relation
from matchmaker.matching.build import build_space, label_sets
from tests.conftest import make_catalogue, make_partner
from tests.matching.worlds import QuickWords, make_world

CONFIG = Config()


def built(partners, relations=()):
    return build_space(Catalogue.from_partners(partners, relations), QuickWords(), CONFIG)


def neighbours_of(*relations, integrations=()):
    partners = [make_partner(number) for number in range(4)]
    partners[0] = partners[0].model_copy(update={"integrations": integrations})
    sets = label_sets(partners, relations, np.ones(4, dtype=bool))["neighbours"]
    return [set(sets.names(sets.of(row))) for row in range(4)]


def related(kind, status=None):
    return Relation(a="p000", b="p001", type=kind, status=status)


def test_whatever_is_fitted_is_fitted_on_distinct_profiles():
    partners = [one.model_copy(update={"integrations": ()}) for one in make_world(9).partners]
    copies = [one.model_copy(update={"id": f"z{place}"}) for place, one in enumerate(partners[:12] * 2)]
    alone, crowded = built(partners), built([*partners, *copies])
    for name, whitening in alone.whitening.items():
        assert np.array_equal(whitening.matrix, crowded.whitening[name].matrix), name
    one, other = alone.space, crowded.space
    assert one.lexical.vocabulary == other.lexical.vocabulary
    assert np.array_equal(one.lexical.idf, other.lexical.idf)
    assert np.array_equal(one.reference, other.reference)
    for kind, sets in one.labels.items():
        assert np.array_equal(sets.weights, other.labels[kind].weights), kind
    assert one.size == pytest.approx(other.size[: len(partners)], nan_ok=True)
    assert alone.goals == crowded.goals[: len(partners)]
    assert crowded.goals[0] == crowded.goals[len(partners)]


def test_sizes_are_middle_rank_percentiles_of_those_that_are_known():
    sizes = (10.0, 20.0, 20.0, 40.0, None)
    partners = [Partner(id=f"s{place}", name=f"S{place}", size=size) for place, size in enumerate(sizes)]
    assert built(partners).space.size == pytest.approx([1 / 8, 1 / 2, 1 / 2, 7 / 8, np.nan], nan_ok=True)


def test_the_reference_is_a_sample_by_content_whatever_the_ids():
    partners = make_world(3).partners
    renamed = [one.model_copy(update={"id": f"{99 - place}"}) for place, one in enumerate(partners)]
    config = Config(reference_size=16)
    one, other = (build_space(Catalogue.from_partners(some), QuickWords(), config) for some in (partners, renamed))
    names = [
        [catalogue.partners[row].name for row in space.space.reference]
        for space, catalogue in ((one, Catalogue.from_partners(partners)), (other, Catalogue.from_partners(renamed)))
    ]
    assert names[0] == names[1]
    assert len(set(names[0])) == 16


def test_each_distinct_text_is_encoded_once_in_one_call():
    class Counting(QuickWords):
        texts = ()

        def encode(self, texts, *, progress=None):
            self.texts += tuple(texts)
            return super().encode(texts, progress=progress)

    encoder = Counting()
    build_space(make_catalogue(), encoder, CONFIG)
    assert len(encoder.texts) == len(set(encoder.texts))


def test_neighbours_are_the_connected_on_both_sides():
    assert neighbours_of(related("partnership")) == [{"p001"}, {"p000"}, set(), set()]
    assert neighbours_of(related("integration", "active")) == [{"p001"}, {"p000"}, set(), set()]
    assert neighbours_of(integrations=("Till",)) == [{"till"}, set(), set(), set()]


@pytest.mark.parametrize("relation", [
    related("competitor"), related("acquisition"), related("partnership", "ended"), related("integration", "declined"),
])  # fmt: skip
def test_rivals_and_what_has_ended_are_no_neighbours(relation):
    assert neighbours_of(relation) == [set()] * 4
