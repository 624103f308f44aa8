from matchmaker import Relation
from matchmaker.store import relations


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
