import pytest

from matchmaker.store import partners
from tests.conftest import make_partner


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
