"""What the documents say of the HTTP service is what it does: examples, routes, settings, metrics, codes, limits."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from matchmaker_service import bodies, front, matches, metrics, problems, protocol, reply
from matchmaker_service.app import create_app
from matchmaker_service.jobs import kinds
from matchmaker_service.routes import accounts, activity, feedback, pairs, partners, relations, search
from matchmaker_service.settings import PREFIX, Settings
from tests.conftest import ROOT
from tests.docs.test_docs import FENCED, code, page, section, table
from tests.service.contract.running import running

HTTP = page("http")
README = section((ROOT / "README.md").read_text(), "Over HTTP")


def parts(text):
    """(language, code, shown output or None) of every block that can be run, in order."""
    found, blocks = [], FENCED.findall(text)
    for place, (kind, body) in enumerate(blocks):
        after = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
        if kind in ("bash", "python"):
            found.append((kind, body, after[1] if after[0] in ("json", "text") else None))
    return found


def answered(kind, body, service, known):
    """What a block prints."""
    here = service.url.removeprefix("http://")
    body = body.replace("localhost:8000", here)
    if kind == "python":
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(body, "docs/http.md", "exec"), known)
        return printed.getvalue()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{body}"],
        env=service.environment | {"PATH": path}, cwd=service.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, (body, done.stdout, done.stderr)
    return done.stdout


def fits(shown, printed):
    """Whether output is as shown, where … stands for anything and a line's end for nothing."""
    pattern = ".*".join(re.escape(part) for part in shown.replace("\n", "").split("…"))
    return re.fullmatch(pattern, printed.replace("\r", "").replace("\n", ""), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "least"), [(HTTP, 12), (README, 1)], ids=["http.md", "README.md"])
def test_examples_run_in_order_and_print_what_is_shown(text, least, tmp_path):
    blocks = parts(text)
    assert len(blocks) >= least
    known: dict[str, object] = {}
    with running(tmp_path, account_key="a secret of the examples") as service:
        for kind, body, shown in blocks:
            printed = answered(kind, body, service, known)
            assert shown is None or fits(shown, printed), f"{body}\nshown:\n{shown}\nprinted:\n{printed}"


def test_shown_output_is_compared():
    assert fits('{"a":1,\n"b":"…"}', '{"a":1,"b":"anything"}\n')
    assert not fits('{"a":1}', '{"a":2}')
    assert not fits("done 3", "done 3 and more")


@pytest.fixture(scope="module")
def document():
    return create_app(Settings()).openapi()


def test_every_route_is_documented_with_its_summary_and_no_other(document):
    told = {code(row[0])[0]: row[2] for row in table(section(HTTP, "Routes"))}
    assert told == {
        f"{method.upper()} {path}": operation["summary"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_setting_of_the_service_is_documented_with_its_default_and_no_other():
    told = {code(row[0])[0]: (row[1].strip("`"), row[2]) for row in table(section(HTTP, "Settings"))}
    plain = {"()": "[]", "None": "unset"}
    assert told == {
        f"{PREFIX}{name.upper()}": (plain.get(str(field.default), str(field.default)), field.description)
        for name, field in Settings.model_fields.items()
    }


def test_every_metric_is_documented_and_no_other():
    told = {code(row[0])[0]: (row[1], code(row[2]), row[3]) for row in table(section(HTTP, "Metrics"))}
    assert told == {
        one._name + "_total" * (one._type == "counter"): (one._type, list(one._labelnames), one._documentation)
        for one in metrics.registry._collector_to_names
    }
    shown = metrics.exposition().decode()
    assert [name for name in told if f"# TYPE {name} " not in shown] == []


def test_metrics_that_are_worth_an_alarm_exist():
    told = [name for name in code(section(HTTP, "Metrics").partition("Worth an alarm")[2]) if "matchmaker_" in name]
    assert len(told) == 4
    assert set(told) <= {code(row[0])[0] for row in table(section(HTTP, "Metrics"))}


def test_every_problem_is_documented_with_its_status_and_no_other():
    rows = table(section(page("errors"), "Problems of the HTTP service"))
    assert {code(row[0])[0]: int(row[1]) for row in rows} == problems.STATUS
    assert all(len(row) == 4 and all(row) for row in rows)


def test_problems_are_raised_that_are_documented_and_every_one_of_our_own_is():
    sources = "".join(path.read_text() for path in (ROOT / "service").rglob("*.py"))
    raised = set(re.findall(r"""(?:Refused|problem)\(\s*"(\w+)\"""", sources))
    assert raised <= set(problems.STATUS)
    of_engine = {error_code for error_code in problems.STATUS if f'code = "{error_code}"' in engine_errors()}
    by_status = set(problems._BY_STATUS.values())
    assert set(problems.STATUS) - of_engine - by_status <= raised


def engine_errors():
    return (ROOT / "src" / "matchmaker" / "errors.py").read_text()


def test_limits_are_those_of_the_code():
    told = {row[0]: row[1] for row in table(section(HTTP, "Limits"))}
    asked, hits = matches.MatchQuery.model_fields["k"], search.SearchQuery.model_fields["k"]
    most = {name: most_of(model, name) for model, name in ((kinds.ScoresJob, "pairs"), (kinds.MatchesJob, "partners"))}
    rows = {one.MOST for one in (partners, pairs, relations, activity, feedback)}
    assert told["body"].endswith(f"{Settings.model_fields['max_body'].default >> 20} MiB")
    assert told["bodies in memory at once, in one process"] == f"{front._BODIES} times that"
    assert told["head of a request"] == f"{protocol.HEAD_BYTES >> 10} KiB, within {protocol.HEAD_SECONDS:g} seconds"
    assert told["matches, or hits of a search, of one question (`k`)"] == str(limit(asked)) == str(limit(hits))
    assert told["rows of a page"] == str(limit(reply.PageQuery.model_fields["limit"]))
    assert {told["partners, pairs, relations, activities or impressions of one request"]} == {
        f"{one:,}" for one in rows
    }
    assert told["accounts of one request"] == f"{accounts.MOST:,}"
    assert {told["pairs or partners of a job"]} == {f"{one:,}" for one in most.values()}
    assert told["filters, likes, dislikes of one question"] == f"{most_of(matches.Question, 'like')} each"
    assert told["partners of a map"] == f"{limit(search.MapQuery.model_fields['limit']):,}"
    assert told["fields of `extra`"] == str(most_of(bodies.ProfileBody, "extra"))


def limit(field):
    return next(rule.le for rule in field.metadata if hasattr(rule, "le"))


def most_of(model, name):
    """The most entries of a field, out of the model's JSON Schema."""
    shown = model.model_json_schema()["properties"][name]
    found = [one for one in (shown, *shown.get("anyOf", ())) if "maxItems" in one or "maxProperties" in one]
    return found[0].get("maxItems", found[0].get("maxProperties"))


def test_lengths_of_texts_are_those_of_the_code():
    told = {row[0]: row[1] for row in table(section(HTTP, "Limits"))}
    shown = bodies.PartnerBody.model_json_schema()["properties"]
    entry = shown["goals"]
    assert told["characters of an id"] == str(shown["id"]["maxLength"])
    assert told["characters of a description or audience"] == f"{shown['description']['maxLength']:,}"
    assert told["entries of a list, characters of an entry"] == f"{entry['maxItems']}, {entry['items']['maxLength']:,}"


def test_make_serve_runs_the_command_of_the_documents():
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith("MAKE")
    }  # as when no make runs us
    done = subprocess.run(["make", "-n", "serve"], env=plain, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith("/matchmaker serve")
