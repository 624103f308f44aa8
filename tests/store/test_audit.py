import datetime as dt

import pytest

from matchmaker.store import audit
from matchmaker.store.database import now


def page(database, before=None, limit=100, **options):
    with database.reading() as connection:
        return audit.page(connection, before, limit, **options)


def test_notes_are_read_newest_first_and_filtered(database):
    for number in range(6):
        with database.writing() as writing:
            audit.note(
                writing, f"k{number % 2}", f"partner.{('put', 'delete')[number // 4]}", f"p{number}", f"q{number}"
            )
    found = page(database)
    assert [(one.owner, one.action, one.target, one.request_id) for one in found[:2]] == [
        ("k1", "partner.delete", "p5", "q5"),
        ("k0", "partner.delete", "p4", "q4"),
    ]
    assert [one.target for one in page(database, found[1].number, 2)] == ["p3", "p2"]
    assert [one.target for one in page(database, owner="k0")] == ["p4", "p2", "p0"]
    assert [one.target for one in page(database, owner="k0", action="partner.put")] == ["p2", "p0"]
    assert [one.target for one in page(database, target="p3")] == ["p3"]
    cut = found[2].at
    assert [one.target for one in page(database, since=cut)] == ["p5", "p4", "p3"]
    assert [one.target for one in page(database, until=cut)] == ["p2", "p1", "p0"]
    assert page(database, since=now() + dt.timedelta(hours=1)) == []


def test_a_note_is_kept_with_its_write_or_not_at_all(database):
    with pytest.raises(ZeroDivisionError), database.writing() as writing:
        audit.note(writing, "k", "partner.put", "p", "q")
        _ = 1 / 0
    assert page(database) == []
