"""What people are told where a command works for long, or has nothing to list."""

import io

from typer.testing import CliRunner

from matchmaker import Catalogue, Matchmaker, Partner
from matchmaker.cli.app import app
from matchmaker.cli.output import Bar
from matchmaker.progress import Named, named
from tests.words import WordEncoder


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_each_task_is_named_as_it_starts_where_no_bar_can_be_drawn(capsys, monkeypatch):
    progress = named(Bar())
    progress.start("Encoding texts", 1200)
    assert capsys.readouterr() == ("", "Encoding texts (1,200) …\n")
    progress.advance()
    progress.done()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr", Terminal())
    assert not isinstance(named(Bar()), Named)


def test_the_demo_names_its_steps_on_standard_error(tmp_path, monkeypatch):
    from matchmaker.cli import care

    monkeypatch.setattr("matchmaker.encoders.open_encoder", lambda *_, **__: WordEncoder())
    done = CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "demo"), "--json"])
    assert done.exit_code == 0, done.output
    steps = [line for line in done.stderr.splitlines() if line.endswith("…")]
    assert steps[0] == f"Reading {care.SAMPLE} …" and steps[-1] == f"Writing {tmp_path / 'demo'} …"
    assert "Fitting percentile scales (201) …" in steps
    assert "…" not in done.stdout.split("{")[0]


def test_where_nothing_is_missing_a_sentence_says_so(tmp_path):
    alone = Partner(id="lone", name="Lone", audience="shops", capabilities=("returns",))
    Matchmaker(encoder=WordEncoder()).fit(Catalogue.from_partners([alone])).save(tmp_path)
    shown = CliRunner().invoke(app, ["gaps", "lone", "-m", str(tmp_path)]).stdout
    assert shown.startswith("Nobody here is left that Lone has no integration with.\n") and "market" not in shown
    shown = CliRunner().invoke(app, ["gaps", "--ecosystem", "-m", str(tmp_path)]).stdout
    assert "No segment is without a partner." in shown and "Segments without" not in shown
