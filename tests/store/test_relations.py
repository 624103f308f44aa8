import pytest

from matchmaker import Relation
from matchmaker.errors import ConflictError
from matchmaker.store import relations
from tests.store.conftest import at_once


def link(a="a", b="b", **more):
    return Relation(a=a, b=b, type=more.pop("type", "integration"), **more)


def put(database, *made):
    with database.writing() as writing:
        return relations.put(writing, made)


def test_an_undirected_relation_is_the_same_from_both_ends(database):
    (one,) = put(database, link("a", "b", status="announced"))
    (other,) = put(database, link("b", "a", status="active"))
    assert one.id == other.id
    assert (other.revision, other.relation.status) == (2, "active")
    directed = put(database, link("a", "b", directed=True), link("b", "a", directed=True))
    assert len({one.id, *(each.id for each in directed)}) == 3
    assert relations.relation_id(link(type="competitor")) != one.id


def test_relations_of_a_partner_are_found_by_either_end(database):
    put(database, link("a", "b"), link("c", "a"), link("b", "c"))
    with database.reading() as connection:
        found = relations.page(connection, "", 10, partner="a")
        assert {(one.relation.a, one.relation.b) for one in found} == {("a", "b"), ("c", "a")}
        assert len(relations.page(connection, "", 2)) == 2
        assert len(relations.page(connection, "", 10)) == 3


def test_the_last_of_several_that_are_one_stands(database):
    first, second = put(database, link(status="announced"), link("b", "a", status="ended"))
    assert first == second
    assert first.relation.status == "ended"
    assert database.newest() == 1


def test_deleted_relations_are_gone_and_may_return(database):
    (one,) = put(database, link())
    with database.writing() as writing:
        assert relations.delete(writing, one.id).deleted
        assert relations.delete(writing, one.id) is None
    with database.reading() as connection:
        assert relations.page(connection, "", 10) == []
    (again,) = put(database, link())
    assert (again.revision, again.deleted) == (3, False)
    assert [one.kind for one in database.changes(0)] == ["relation"] * 3


def test_a_relation_of_the_bundle_alone_is_deleted_by_a_row_of_its_own(database):
    known = link(status="active")
    key = relations.relation_id(known)
    with database.writing() as writing:
        assert relations.delete(writing, key) is None
        gone = relations.delete(writing, key, known=known)
        assert relations.delete(writing, key, known=known) is None
        with pytest.raises(ValueError, match="another"):
            relations.delete(writing, key, known=link("a", "c"))
    assert (gone.relation, gone.revision, gone.change, gone.deleted) == (known, 1, 1, True)
    put(database, link("a", "c"))
    with database.reading() as connection:
        assert [one.relation.b for one in relations.page(connection, "", 10)] == ["c"]
        every = relations.page(connection, "", 10, deleted=True)
    assert {(one.relation.b, one.deleted) for one in every} == {("b", True), ("c", False)}
    assert [one.id for one in every] == sorted(one.id for one in every)


def test_revisions_are_compared(database):
    key = relations.relation_id(link())

    def write(number):
        try:
            with database.writing() as writing:
                return relations.put(writing, [link(weight=float(number))], expected={key: 0})[0]
        except ConflictError as refused:
            return refused

    found = at_once(5, write)
    assert sorted(type(one).__name__ for one in found) == ["ConflictError"] * 4 + ["StoredRelation"]
    with pytest.raises(ConflictError, match="relation"), database.writing() as writing:
        relations.delete(writing, key, expected=2)
    with database.writing() as writing:
        assert relations.delete(writing, key, expected=1).revision == 2
