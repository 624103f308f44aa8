import numpy as np
import pytest

from matchmaker import Catalogue, Config, Matchmaker, Relation
from matchmaker.errors import EncoderError
from matchmaker.fitting import place
from matchmaker.matching.evidence import KINDS
from matchmaker.matching.scorer import score
from tests.conftest import WordEncoder, make_catalogue, make_partner
from tests.matching.worlds import ENCODER

CLOSE = 1e-4


def compared(partners, number, relations=(), **config):
    """Scores of a stored partner and of the same profile asked about from outside, against everybody else."""
    engine = Matchmaker(Config(**config), encoder=ENCODER).fit(Catalogue.from_partners(partners, relations))
    space = engine.fitted.space
    row = space.ids.index(partners[number].id)
    rows = np.array([other for other in range(len(space)) if other != row])
    side = place(engine.fitted, partners[number].model_copy(update={"id": "outside"}), ENCODER).side
    none = np.zeros(len(rows), dtype=bool)
    stored = score(space, engine.config, space.side(row), rows, none)
    return stored, score(space, engine.config, side, rows, none), row in space.reference


def agree(stored, outside):
    for kind, one, other in zip(KINDS, outside.evidence.raw, stored.evidence.raw, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6, err_msg=kind)
    assert outside.back.value == pytest.approx(stored.back.value, abs=CLOSE)
    assert outside.out.value == pytest.approx(stored.out.value, abs=CLOSE)
    assert outside.mutual == pytest.approx(stored.mutual, abs=CLOSE)
    assert outside.fit_type.tolist() == stored.fit_type.tolist()


def outsiders(partners, **config):
    """Numbers of the partners that are not in the reference sample."""
    space = Matchmaker(Config(**config), encoder=ENCODER).fit(partners).fitted.space
    return [row for row in range(len(space)) if row not in space.reference]


@pytest.mark.parametrize("number", [10, 12, 16])
def test_a_profile_scores_like_its_stored_twin(number):
    stored, outside, in_reference = compared([make_partner(one) for one in range(60)], number, reference_size=40)
    assert not in_reference
    agree(stored, outside)


@pytest.mark.parametrize("number", [4, 14, 42])
def test_a_profile_with_ties_scores_like_its_stored_twin(number):
    agree(*compared([make_partner(one) for one in range(60)], number, reference_size=40)[:2])


@pytest.mark.parametrize("number", [3, 12])
def test_a_profile_scores_like_its_twin_in_the_reference(number):
    stored, outside, in_reference = compared([make_partner(number) for number in range(40)], number)
    assert in_reference
    agree(stored, outside)


def test_a_profile_without_goals_borrows_them_like_its_twin():
    partners = [make_partner(number) for number in range(60)]
    number = outsiders(partners, reference_size=40)[0]
    partners[number] = partners[number].model_copy(update={"goals": ()})
    stored, outside, _ = compared(partners, number, reference_size=40)
    assert not np.isnan(stored.evidence.raw[KINDS.index("gain"), 0]).all()
    agree(stored, outside)


def test_a_profile_without_goals_is_told_so(engine):
    assert any("goals" in note for note in engine.recommend(make_partner(3, id="outside", goals=()), 3).notes)


def test_stated_integrations_count_from_outside_too():
    partners = [make_partner(one, integrations=(f"p{(one * 3 + 1) % 60:03d}", "Till")) for one in range(60)]
    number = outsiders(partners, reference_size=40)[0]
    # The catalogue also knows who integrates with the stored twin; take those away, as no profile states them.
    partners = [
        one.model_copy(update={"integrations": tuple(x for x in one.integrations if x != partners[number].id)})
        for one in partners
    ]
    stored, outside, in_reference = compared(partners, number, reference_size=40)
    assert not in_reference
    agree(stored, outside)


def test_an_integration_counts_once_whether_named_or_given_by_id():
    found = []
    for stated in ("p005", make_partner(5).name):
        partners = [make_partner(0, integrations=(stated,)), make_partner(1, integrations=("p005", "p006"))]
        engine = Matchmaker(encoder=ENCODER).fit([*partners, *(make_partner(number) for number in range(2, 20))])
        sets = engine.fitted.space.labels["neighbours"]
        found.append(sets.jaccard(sets.of(0), np.array([1]))[0])
    assert found[0] == pytest.approx(found[1])


def test_the_answer_names_no_stored_partner(engine):
    found = engine.recommend(make_partner(12, id="outside", name="Newcomer"), 5)
    assert found.partner is None
    assert found.name == "Newcomer"
    told = engine.explain(make_partner(12, id="outside", name="Newcomer"), "p013")
    assert told.a == "outside"
    assert told.match.partner == "p013"
    assert {side.receiver for side in told.match.sides} == {"outside", "p013"}
    assert told.shared["accounts"] is None


def test_asking_leaves_the_ecosystem_as_it_was(engine):
    before = [match.mutual for match in engine.recommend("p012", 10)]
    engine.recommend(make_partner(12, id="outside", goals=("a new goal",), categories=("unheard of",)), 10)
    assert [match.mutual for match in engine.recommend("p012", 10)] == before
    assert "outside" not in engine.fitted.space.ids


def test_a_profile_of_a_name_alone_is_answered(engine):
    bare = make_partner(0, id="bare", description="", audience="", goals=(), capabilities=(), regions=(), categories=(),
                        company_sizes=())  # fmt: skip
    found = engine.recommend(bare, 5)
    assert len(found) == 5
    assert all(0.0 <= match.mutual <= 1.0 for match in found)
    assert {match.confidence for match in found} == {"low"}


def test_another_encoder_is_refused(engine):
    class Other(WordEncoder):
        fingerprint = "another"

    with pytest.raises(EncoderError, match="cannot be compared"):
        place(engine.fitted, make_partner(12, id="outside"), Other())
    place(engine.fitted, make_partner(12, id="outside"), WordEncoder())  # the same fingerprint is the same encoder
    other = Matchmaker(encoder=Other())
    other._fitted = engine.fitted
    with pytest.raises(EncoderError, match="build again"):
        other.recommend(make_partner(12, id="outside"), 3)
    assert len(other.recommend("p012", 3)) == 3  # a stored partner needs no encoder


def test_an_ended_integration_is_none_to_deepen(encoder):
    relations = [Relation(a="p000", b="p005", type="integration", status="ended")]
    engine = Matchmaker(encoder=encoder).fit(Catalogue.from_partners(make_catalogue().partners, relations))
    assert all("deepen" not in motion["evidence"] for motion in engine.explain("p000", "p005").match.motions)
