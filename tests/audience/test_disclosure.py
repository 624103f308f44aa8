"""Nothing below the minimum is told: whatever is asked, in whatever order, while accounts come and go."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from matchmaker.audience.disclosure import ORDERS, Disclosure
from matchmaker.audience.ledger import FileLedger, Held, MemoryLedger
from matchmaker.errors import SettingsError, StorageError, UnknownPartnerError
from matchmaker.profiles.accounts import POPULATIONS
from tests.audience.worlds import incidence

KEY = b"a key of the tests, long enough"
M, SLACK = 20, 18
"""The minimum, and by how much a count may be above what is shown of it."""
A, B, C, Z = IDS = ("a", "b", "c", "z")
POOL = 400
CELLS = list(itertools.product(POPULATIONS, repeat=2))


class World:
    """Accounts of four partners, {partner: {account: population}}; z has every account there is, so that all are known."""

    def __init__(self, held):
        self.held = held

    @classmethod
    def drawn(cls, seed):
        rng = np.random.default_rng(seed)
        held = {Z: dict.fromkeys(range(POOL), "customer")}
        for who in (A, B, C):
            share = rng.dirichlet([1.0, 1.0, 1.0])
            most = int(rng.choice([15, 60, 200, 300]))
            accounts = rng.choice(
                300 if who != C else np.arange(250, POOL), rng.integers(0, min(most, 150) + 1), replace=False
            )
            held[who] = {int(one): POPULATIONS[rng.choice(3, p=share)] for one in accounts}
        return cls(held)

    def copy(self):
        return World({who: dict(own) for who, own in self.held.items()})

    def door(self, ledger, release=0, **options):
        rows = [(who, account, population, 10) for who, own in self.held.items() for account, population in own.items()]
        return Disclosure(incidence(rows, IDS), ledger=ledger, key=options.pop("key", KEY), release=release, **options)

    def cells(self, one, other):
        mine, theirs = self.held[one], self.held[other]
        shared = mine.keys() & theirs.keys()
        return {cell: sum((mine[account], theirs[account]) == cell for account in shared) for cell in CELLS}

    def size(self, who, population):
        return sum(own == population for own in self.held[who].values())


def shown_cells(told):
    return {(own, its): told.matrix[own][its] for own, its in CELLS}


def everything(door):
    """The answer to every question there is."""
    pairs = [door.pair(who, who, other) for who, other in itertools.permutations(IDS, 2)]
    return pairs + [one for who in IDS for by in ORDERS for one in door.others(who, who, by=by)]


def numbers(told):
    """Every count in an answer."""
    single = (
        told.your_accounts,
        told.their_accounts,
        told.shared,
        told.greenfield,
        told.their_greenfield,
        told.give,
        told.get,
    )
    return [one for one in (*single, *shown_cells(told).values()) if one is not None]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_shown_is_at_least_the_minimum_and_near_the_truth(seed):
    world = World.drawn(seed)
    for told in everything(world.door(MemoryLedger())):
        assert all(one >= M and one % (M // 2) == 0 for one in numbers(told))
        for cell, count in world.cells(told.partner, told.other).items():
            shown = shown_cells(told)[cell]
            assert shown is None or shown <= count <= shown + SLACK
        assert told.p_value is None
        for ratio in (told.share_of_yours, told.share_of_theirs, told.jaccard, told.reciprocity):
            assert ratio is None or ratio == round(ratio, 2) <= 1
        for coarse in (told.lift, told.lift_low, told.potential_revenue):
            assert coarse is None or coarse == float(f"{coarse:.2g}")


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_a_hidden_count_may_be_any_number_below_the_minimum_for_all_that_the_asker_knows(seed):
    """Linear programmes over what is shown, the own sizes exactly, and the other one's sizes as closely as they are ever shown."""
    world = World.drawn(seed)
    door = world.door(MemoryLedger())
    for who, other in ((A, B), (B, A), (A, Z), (Z, A)):
        shown = list(shown_cells(door.pair(who, who, other)).values())
        theirs = door._sizes([IDS.index(other)])[IDS.index(other)]
        # Unknowns: nine counts, then the size of each of the other one's populations.
        bounds = [(0, None) if one is None else (one, one + SLACK) for one in shown]
        bounds += [(0, M + M // 2 - 2) if one is None else (one, one + SLACK) for one in theirs]
        mine = [world.size(who, population) for population in POPULATIONS]
        rows = [[float(at < 9 and at // 3 == place) for at in range(12)] for place in range(3)]
        columns = [
            [float(at < 9 and at % 3 == place) - float(at == 9 + place) for at in range(12)] for place in range(3)
        ]
        for cell in [cell for cell in range(9) if shown[cell] is None]:
            least, most = (
                linprog([sign * float(at == cell) for at in range(12)], rows + columns, mine + [0] * 3, bounds=bounds)
                for sign in (1, -1)
            )
            assert least.status == most.status == 0
            assert least.fun == pytest.approx(0)
            assert -most.fun >= min(M - 1, mine[cell // 3], bounds[9 + cell % 3][1]) - 1e-7
        for place in range(3):  # nor is it told that fewer than the minimum of a population are not theirs
            known = [one for one in shown[3 * place : 3 * place + 3] if one is not None]
            assert not known or mine[place] - sum(one + SLACK for one in known) >= 2 * M


def twin(world, rng):
    """The same world but for one count of a and b that is below the minimum and is another one below it; None: there is none."""
    a, b = world.held[A], world.held[B]
    low = [cell for cell, count in world.cells(A, B).items() if count < M]
    own, its = low[rng.integers(len(low))] if low else (None, None)
    wanted = int(rng.integers(M))
    inside = [one for one in a if a[one] == own and b.get(one) == its]
    outside = [one for one in b if b[one] == its and one not in a]
    able = [one for one in a if a[one] == own and one not in b and one < 250]
    fresh = [one for one in range(250) if one not in a and one not in b]
    changed = world.copy()
    for gone, come in zip(inside, fresh, strict=False):
        if len(inside) > wanted and gone < 250:
            del changed.held[B][gone]
            changed.held[B][come] = its
            wanted += 1
    for gone, come in zip(outside, able, strict=False):
        if len(inside) < wanted and gone < 250:
            del changed.held[B][gone]
            changed.held[B][come] = its
            wanted -= 1
    return None if changed.cells(A, B) == world.cells(A, B) or changed.cells(A, B)[own, its] >= M else changed


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(["ask", "list", "mine", "theirs", "release"]), max_size=25))
def test_two_worlds_that_differ_below_the_minimum_give_the_same_answers_to_every_sequence(seed, steps):
    rng = np.random.default_rng(seed)
    one = World.drawn(seed)
    other = twin(one, rng)
    assume(other is not None)
    worlds, ledgers, release = (one, other), (MemoryLedger(), MemoryLedger()), 0
    quiet = [account for account in range(POOL) if all(account not in world.held[B] for world in worlds)]
    for step in steps:
        who = IDS[rng.integers(4)]
        if step == "release":
            release += 1
        elif step in ("mine", "theirs"):
            # One account more or less: of a, none that b has; of b, none that a has. The count in question stays what it is.
            mine = step == "mine"
            free = quiet if mine else [account for account in range(POOL) if account not in one.held[A]]
            account, population = int(rng.choice(free)), POPULATIONS[rng.integers(3)]
            for world in worlds:
                if world.held[A if mine else B].pop(account, None) is None:
                    world.held[A if mine else B][account] = population
            quiet = [account for account in quiet if all(account not in world.held[B] for world in worlds)]
        else:
            doors = [world.door(ledger, release) for world, ledger in zip(worlds, ledgers, strict=True)]
            if step == "ask":
                to = IDS[(IDS.index(who) + rng.integers(1, 4)) % 4]
                assert doors[0].pair(who, who, to) == doors[1].pair(who, who, to)
            else:
                by = ORDERS[rng.integers(len(ORDERS))]
                assert doors[0].others(who, who, by=by) == doors[1].others(who, who, by=by)
    final = [everything(world.door(ledger, release)) for world, ledger in zip(worlds, ledgers, strict=True)]
    assert final[0] == final[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from([1, 1, 1, 5, 40, 0]), min_size=1, max_size=12))
def test_an_answer_moves_only_with_a_release_and_by_the_minimum(seed, moves):
    """Accounts come and go one by one or many at once; 0 stands for a new release."""
    rng = np.random.default_rng(seed)
    world, ledger, release = World.drawn(seed), MemoryLedger(), 0
    pairs = list(itertools.combinations(IDS, 2))
    known = {pair: (shown_cells(world.door(ledger).pair(pair[0], *pair)), world.cells(*pair), 0) for pair in pairs}
    for many in moves:
        release += not many
        for account in rng.choice(POOL, many, replace=False):
            own = world.held[IDS[rng.integers(3)]]
            if own.pop(int(account), None) is None:
                own[int(account)] = POPULATIONS[rng.integers(3)]
        door = world.door(ledger, release)
        for pair in pairs:
            before, counts, at = known[pair]
            told = [shown_cells(door.pair(pair[0], *pair)) for _ in range(2)]
            assert told[0] == told[1]
            now = world.cells(*pair)
            moved = max(abs(now[cell] - counts[cell]) for cell in CELLS)
            if release == at or moved < M:
                assert told[0] == before
                known[pair] = before, counts, release
            else:
                known[pair] = told[0], now, release


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_everything_derived_follows_from_what_is_shown(seed, another):
    """Other data behind the same figures, and every answer is the same; but for the own values, which are the asker's."""
    ledger = MemoryLedger()
    first = everything(World.drawn(seed).door(ledger))
    second = World.drawn(another)
    second.held[A], second.held[B] = ({account: "opportunity" for account in range(30)} for _ in range(2))
    again = everything(second.door(ledger))

    def plain(told):
        return [{**one.to_dict(), "potential_revenue": None} for one in told if one.partner != "unknown"]

    pairs = len(list(itertools.permutations(IDS, 2)))
    assert plain(first)[:pairs] == plain(again)[:pairs]
    assert sorted(map(str, plain(first))) == sorted(map(str, plain(again)))


def two(count, *, mine=200, theirs=200):
    """a and b share `count` customers."""
    held = {A: range(mine), B: range(mine - count, mine - count + theirs), C: (), Z: range(POOL)}
    return World({who: dict.fromkeys(own, "customer") for who, own in held.items()})


@pytest.mark.parametrize("count", [11, 19, 20, 29, 30, 48])
def test_one_account_more_or_less_tells_nothing(count):
    ledger = MemoryLedger()
    before = everything(two(count).door(ledger))
    for release, more in enumerate((1, 2, -1, M - 1, -9, 10), start=1):
        world = two(count + more)
        world.held[A] |= dict.fromkeys(
            range(POOL, POOL + M - 1), "customer"
        )  # nobody else has these: there are more in all
        assert everything(world.door(ledger, release)) == before
    moved = two(count + 50)
    assert everything(moved.door(ledger, 6)) == before  # no new release since
    after = moved.door(ledger, 7).pair(A, A, B)
    assert after.shared <= count + 50 <= after.shared + SLACK


def test_the_place_of_rounding_is_unknown_and_one_account_is_seen_once_in_ten_times():
    changed = 0
    for number in range(200):
        key = number.to_bytes(16, "big")
        shown = [two(count).door(MemoryLedger(), key=key).pair(A, A, B).shared for count in (55, 56)]
        changed += shown[0] != shown[1]
    assert 0.03 < changed / 200 < 0.2


def test_where_all_or_nearly_all_of_a_side_are_shared_nothing_is_shown():
    assert two(100, mine=200, theirs=300).door(MemoryLedger()).pair(A, A, B).shared is not None
    assert two(200, mine=200, theirs=300).door(MemoryLedger()).pair(A, A, B).shared is None
    assert two(190, mine=200, theirs=300).door(MemoryLedger()).pair(A, A, B).shared is None
    assert two(95, mine=200, theirs=100).door(MemoryLedger()).pair(A, A, B).shared is None


def test_what_a_partner_may_ask_and_what_the_owner_sees():
    world = two(100)
    door = world.door(MemoryLedger())
    exact = door.pair(None, A, B)
    assert (exact.basis, exact.shared) == ("exact", 100)
    assert [one.other for one in door.others(None, A)] == [Z, B]
    told = door.pair(A, A, B)
    assert (told.basis, told.matrix["customer"]["customer"]) == ("disclosed", told.shared)
    assert told.greenfield == told.their_accounts - told.shared
    assert told.share_of_yours == round(told.shared / told.your_accounts, 2)
    assert door.pair(B, B, A).shared == told.shared
    assert [one.other for one in door.others(A, A)] == [B]  # all of a's are z's: that is not told, nor that z has any
    few = two(100).door(MemoryLedger(), counts_only=True).pair(A, A, B)
    assert few.shared == told.shared
    assert {few.share_of_yours, few.jaccard, few.lift, few.lift_low, few.reciprocity, few.potential_revenue} == {None}
    for ask in (lambda: door.pair(B, A, B), lambda: door.others(C, A)):
        with pytest.raises(SettingsError, match="speaks for"):
            ask()
    with pytest.raises(UnknownPartnerError):
        door.pair(A, A, "nobody")
    with pytest.raises(SettingsError, match="two different"):
        door.pair(A, A, A)
    with pytest.raises(SettingsError, match="ranked by"):
        door.others(A, A, by="fame")


@pytest.mark.parametrize(
    "wrong", [{"minimum": 9}, {"minimum": 21}, {"release": -1}, {"key": b"short"}, {"key": None}]
)  # fmt: skip
def test_settings_that_protect_nobody_are_refused(wrong):
    with pytest.raises(SettingsError):
        two(1).door(MemoryLedger(), **wrong)


def test_values_made_up_to_tell_accounts_apart_tell_nothing():
    shared, base = range(100, 150), [(B, account, "customer", None) for account in range(100, 300)]

    def revenue(worth):
        mine = [(A, account, "opportunity", worth(account)) for account in range(150)]
        return (
            Disclosure(incidence(mine + base, IDS), ledger=MemoryLedger(), key=KEY, release=0)
            .pair(A, A, B)
            .potential_revenue
        )

    plain = revenue(lambda _: 10)
    assert plain is not None
    marked = [revenue(lambda account, mark=mark: 1510 if account == mark else 0) for mark in (shared[0], 0)]
    assert marked[0] == marked[1]  # the one of the shared accounts, or another one: the same


def test_a_ledger_on_disk_keeps_what_was_said(tmp_path):
    path = tmp_path / "ledger.sqlite"
    first = everything(two(57).door(FileLedger(path)))
    assert first == everything(two(57).door(MemoryLedger()))
    assert everything(two(75).door(FileLedger(path), release=1)) == first
    assert everything(two(90).door(FileLedger(path), release=1)) == first
    assert everything(two(90).door(FileLedger(path), release=2)) != first
    ledger = FileLedger(path)
    ledger.put({"x": Held(3, (1, 2), (None, 20))})
    ledger.put({"x": Held(3, (9, 9), (30, 30))})
    assert FileLedger(path).get(["x", "y"]) == {"x": Held(3, (1, 2), (None, 20))}
    ledger.put({"x": Held(4, (9, 9), (30, 30))})
    ledger.put({"x": Held(2, (0, 0), (None, None))})
    assert ledger.get(["x"])["x"].release == 4
    many = {json.dumps([str(number)]): Held(0, (number,), (None,)) for number in range(1200)}
    ledger.put(many)
    assert ledger.get(many) == many
    (tmp_path / "no").write_text("this is no database, and long enough to be told from an empty one" * 20)
    with pytest.raises(StorageError, match="ledger"):
        FileLedger(tmp_path / "no")
