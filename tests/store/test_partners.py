import pytest

from matchmaker.errors import ConflictError
from matchmaker.store import partners
from tests.conftest import make_partner
from tests.store.conftest import at_once


def put(database, *made):
    with database.writing() as writing:
        return partners.put(writing, made)


def read(database, *ids, **options):
    with database.reading() as connection:
        return partners.get(connection, ids, **options)


def test_what_was_put_is_read(database):
    made = [make_partner(number, size=1234.5, extra={"note": "ünï", "list": ["a"]}) for number in range(3)]
    stored = put(database, *made)
    assert [one.partner for one in stored] == made
    assert [one.revision for one in stored] == [1, 1, 1]
    assert [one.change for one in stored] == [1, 2, 3]
    found = read(database, made[0].id, made[2].id, "unknown")
    assert found == {made[0].id: stored[0], made[2].id: stored[2]}


def test_replacing_raises_the_revision_and_keeps_the_birthday(database):
    (first,) = put(database, make_partner(1))
    (second,) = put(database, make_partner(1, description="another"))
    assert (second.revision, second.created_at) == (2, first.created_at)
    assert second.updated_at > first.updated_at
    assert read(database, first.partner.id)[first.partner.id].partner.description == "another"


def test_deleted_partners_leave_a_trace_and_may_return(database):
    (first,) = put(database, make_partner(1))
    with database.writing() as writing:
        gone = partners.delete(writing, first.partner.id)
        assert partners.delete(writing, first.partner.id) is None
    assert gone.deleted
    assert read(database, first.partner.id) == {}
    assert read(database, first.partner.id, deleted=True)[first.partner.id].change == 2
    (again,) = put(database, make_partner(1))
    assert (again.revision, again.deleted) == (3, False)
    assert again.created_at > first.created_at


def test_pages_go_through_all_in_the_order_of_ids(database):
    put(database, *(make_partner(number) for number in range(23)))
    seen, after = [], ""
    with database.reading() as connection:
        while found := partners.page(connection, after, 5):
            seen += [one.partner.id for one in found]
            after = seen[-1]
        assert partners.count(connection) == 23
    assert seen == sorted(make_partner(number).id for number in range(23))


def test_an_id_stands_once_in_a_write(database):
    with pytest.raises(ValueError, match="twice"):
        put(database, make_partner(1), make_partner(1))
    assert database.newest() == 0


def delete(database, partner, **options):
    with database.writing() as writing:
        return partners.delete(writing, partner, **options)


def test_a_partner_of_the_bundle_alone_is_deleted_by_a_row_of_its_own(database):
    known = make_partner(1)
    gone = delete(database, known.id, known=known)
    assert (gone.partner, gone.revision, gone.change, gone.deleted) == (known, 1, 1, True)
    assert read(database, known.id, deleted=True) == {known.id: gone}
    assert read(database, known.id) == {}
    assert delete(database, known.id, known=known) is None
    assert database.newest() == 1
    (again,) = put(database, known)
    assert (again.revision, again.deleted) == (2, False)


def test_what_the_store_has_counts_more_than_what_is_known(database):
    (stored,) = put(database, make_partner(1, description="of the store"))
    gone = delete(database, stored.partner.id, known=make_partner(1))
    assert (gone.partner, gone.revision) == (stored.partner, 2)
    with pytest.raises(ValueError, match="another"):
        delete(database, "p005", known=make_partner(6))


def test_followers_page_through_deleted_ones_too(database):
    put(database, *(make_partner(number) for number in range(7)))
    delete(database, "p003")
    delete(database, "p100", known=make_partner(100))
    seen, after = [], ""
    with database.reading() as connection:
        while found := partners.page(connection, after, 2, deleted=True):
            seen += [(one.partner.id, one.deleted) for one in found]
            after = seen[-1][0]
        assert [one.partner.id for one in partners.page(connection, "p002", 2)] == ["p004", "p005"]
    assert seen == [(f"p{number:03d}", number in (3, 100)) for number in (*range(7), 100)]


def expecting(database, expected, *made):
    with database.writing() as writing:
        return partners.put(writing, made, expected=expected)


def test_a_revision_that_does_not_stand_stops_the_whole_write(database):
    put(database, make_partner(1), make_partner(2))
    with pytest.raises(ConflictError, match=r"'p002' is at revision 1; revision 5 was") as refused:
        expecting(database, {"p001": 1, "p002": 5}, make_partner(1, name="x"), make_partner(2, name="x"))
    told = refused.value
    assert (told.what, told.id, told.expected, told.found) == ("partner", "p002", 5, 1)
    assert (told.code, told.exit_code) == ("revision_conflict", 4)
    assert database.newest() == 2
    both = expecting(database, {"p001": 1}, make_partner(1), make_partner(2))
    assert [one.revision for one in both] == [2, 2]


def test_zero_is_the_revision_of_what_is_not_there(database):
    (made,) = expecting(database, {"p001": 0}, make_partner(1))
    with pytest.raises(ConflictError, match="expected not to exist"):
        expecting(database, {"p001": 0}, make_partner(1))
    with pytest.raises(ConflictError, match="does not exist"):
        expecting(database, {"p009": 1}, make_partner(9))
    delete(database, "p001")
    with pytest.raises(ConflictError, match="does not exist"):
        expecting(database, {"p001": 2}, make_partner(1))
    (again,) = expecting(database, {"p001": 0}, make_partner(1))
    assert (made.revision, again.revision) == (1, 3)


def test_deleting_compares_revisions_too(database):
    put(database, make_partner(1))
    with pytest.raises(ConflictError):
        delete(database, "p001", expected=2)
    with pytest.raises(ConflictError):
        delete(database, "p002", known=make_partner(2), expected=1)
    assert database.newest() == 1
    assert delete(database, "p001", expected=1).revision == 2
    assert delete(database, "p002", known=make_partner(2), expected=0).deleted


def test_what_failed_in_a_write_that_goes_on_leaves_no_number(database):
    put(database, make_partner(1))
    with database.writing() as writing:
        with pytest.raises(ConflictError):
            partners.put(writing, [make_partner(1)], expected={"p001": 7})
        partners.put(writing, [make_partner(2)])
    assert [(one.number, one.target) for one in database.changes(0)] == [(1, "p001"), (2, "p002")]


@pytest.mark.parametrize("revision", [0, 1])
def test_of_writers_at_once_that_expect_the_same_one_wins(database, revision):
    if revision:
        put(database, make_partner(1))

    def write(number):
        try:
            return expecting(database, {"p001": revision}, make_partner(1, name=f"of {number}"))[0]
        except ConflictError as refused:
            return refused

    found = at_once(6, write)
    (won,) = [one for one in found if not isinstance(one, ConflictError)]
    assert {one.found for one in found if isinstance(one, ConflictError)} == {revision + 1}
    assert read(database, "p001") == {"p001": won}
    assert database.newest() == revision + 1


def test_writers_of_one_partner_at_once_all_count(database):
    found = at_once(6, lambda number: put(database, make_partner(1, name=f"of {number}"))[0].revision)
    assert sorted(found) == [1, 2, 3, 4, 5, 6]


def test_pages_are_in_the_order_of_code_points(database):
    ids = ["B", "a", "Z", "_x", "a-b", "aB", "ab", "É", "é", "1", "10", "2", "ß", "ﬀ", "𝔸", "a b"]
    with database.writing() as writing:
        partners.put(writing, [make_partner(1, id=one) for one in ids])
    found, after = [], ""
    while True:
        with database.reading() as connection:
            page = partners.page(connection, after, 3)
        if not page:
            break
        found += [one.partner.id for one in page]
        after = found[-1]
    assert found == sorted(ids)
