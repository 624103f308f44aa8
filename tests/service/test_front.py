"""What every request passes through, and what a client cannot do to the others by being large, slow or many."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from matchmaker_service import protocol
from matchmaker_service.front import _BODIES
from matchmaker_service.settings import Settings
from tests.service.conftest import NEW, eventually, problem
from tests.service.listening import Talk, listening

JSON = {"content-type": "application/json"}
MOST = 8 << 20


@pytest.fixture(scope="module")
def port(words, both, tmp_path_factory):
    """A server that has little patience and takes small bodies."""
    settings = Settings(
        model=both, data_dir=tmp_path_factory.mktemp("front"), log_level="error", max_body=2048, body_seconds=0.6
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "HEAD_SECONDS", 0.6)
        with listening(settings) as found:
            yield found


def head(length, path="/v1/partners", more=""):
    return (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n"
    )


def alive(port):
    with Talk(port) as talk:
        return talk.say("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").answer()[0] == 200


def test_each_answer_has_an_id_of_its_own_or_the_clients(calm):
    first, second = (calm.api.get("/livez").headers["x-request-id"] for _ in range(2))
    assert first != second and re.fullmatch("[0-9a-f]{16}", first)
    assert calm.api.get("/livez", headers={"X-Request-ID": "mine:1"}).headers["x-request-id"] == "mine:1"
    trace = "0af7651916cd43dd8448eb211c80319c"
    traced = calm.api.get("/livez", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert traced.headers["x-request-id"] == trace
    for bad in ("a b", "x" * 65, "<script>", "é".encode()):
        assert re.fullmatch(
            "[0-9a-f]{16}", calm.api.get("/livez", headers={"X-Request-ID": bad}).headers["x-request-id"]
        )
    assert calm.api.get("/nothing", headers={"X-Request-ID": "mine-2"}).json()["instance"] == "mine-2"


@pytest.mark.parametrize("path", ["/livez", "/v1/partners/p000", "/nothing", "/v1/partners/p000/matches"])
def test_each_answer_tells_browsers_to_be_careful(calm, path):
    headers = calm.api.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in headers


def test_answers_are_kept_only_where_they_can_be_asked_again(calm):
    assert calm.api.get("/v1/partners/p000/matches").headers["cache-control"] == "private, no-cache"
    assert calm.api.get("/v1/partners").headers["cache-control"] == "no-store"
    assert calm.api.get("/nothing").headers["cache-control"] == "no-store"


def test_no_other_site_may_ask_unless_it_is_listed(calm, start):
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert "access-control-allow-origin" not in calm.api.get("/livez", headers=asked).headers
    api = start(cors_origins=("https://a.example",)).api
    assert api.get("/livez", headers=asked).headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-origin" not in api.get("/livez", headers={"Origin": "https://b.example"}).headers
    asked |= {"Access-Control-Request-Headers": "x-api-key, if-match, idempotency-key"}
    assert api.options("/v1/partners/p000", headers=asked).status_code == 200
    assert api.get("/v1/partners/p000", headers=asked).headers["access-control-expose-headers"].count("ETag") == 1


@pytest.mark.parametrize("path", ["/v1/partners", "/v1/partners:batch", "/v1/matches:query", "/v1/jobs"])
def test_a_body_over_the_limit_is_refused_announced_or_not(calm, path):
    def parts():
        yield b'{"partners":['
        for _ in range(9):
            yield b" " * (1 << 20)

    answer = calm.api.post(path, content=b"x", headers={**JSON, "content-length": str(MOST + 1)})
    problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    problem(calm.api.post(path, content=parts(), headers={**JSON, "Idempotency-Key": "k"}), 413, "body_too_large")
    problem(calm.api.post(path, content=parts(), headers=JSON), 413, "body_too_large")


def test_a_body_of_the_limit_is_read(calm):
    body = b'{"pairs":[{"a":"p000","b":"p001"}]' + b" " * (MOST - 36) + b"}"
    assert len(body) == MOST - 1
    assert calm.api.post("/v1/scores:batch", content=body + b" ", headers=JSON).status_code == 200


def test_a_slow_body_is_not_waited_for(port):
    with Talk(port) as talk:
        begun = time.monotonic()
        status, headers, body = talk.say(head(100) + '{"id"').answer()
        assert 0.4 < time.monotonic() - begun < 5
        assert (status, json.loads(body)["code"]) == (408, "request_timeout")
        assert headers["retry-after"] == "1" and headers["connection"] == "close"
        assert talk.heard() == b""


def test_a_body_that_trickles_is_not_waited_for_either(port):
    with Talk(port) as talk:
        talk.say(head(100))
        ended = threading.Event()

        def trickle():
            while not ended.wait(0.1):
                try:
                    talk.say(" ")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        begun = time.monotonic()
        status, _, body = talk.answer()
        ended.set()
        thread.join()
        assert (status, json.loads(body)["code"]) == (408, "request_timeout")
        assert time.monotonic() - begun < 5


def test_an_endless_body_is_cut_off(port):
    with Talk(port) as talk:
        talk.say(
            "POST /v1/partners HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        talk.say(b"".join(b"200\r\n" + b" " * 512 + b"\r\n" for _ in range(6)))
        status, headers, body = talk.answer()
        assert (status, json.loads(body)["code"], headers["connection"]) == (413, "body_too_large", "close")


@pytest.mark.parametrize("said", ["", "GET", "GET /livez HTTP/1.1\r\nhost: x\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(port, said):
    with Talk(port) as talk:
        begun = time.monotonic()
        if said:
            talk.say(said)
        assert talk.heard().startswith(b"HTTP/1.1 408")
        assert 0.4 < time.monotonic() - begun < 5


def test_a_second_head_that_does_not_come_whole_is_not_waited_for(port):
    with Talk(port) as talk:
        assert talk.say("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").answer()[0] == 200
        assert talk.say("GET /livez HTTP/1.1\r\n").heard().startswith(b"HTTP/1.1 408")


def test_a_connection_may_rest_between_requests(port):
    with Talk(port) as talk:
        for _ in range(2):
            assert talk.say("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").answer()[0] == 200
            time.sleep(0.9)  # longer than a head may take


def test_an_endless_head_is_cut_off(port):
    with Talk(port) as talk:
        talk.say("GET /livez HTTP/1.1\r\nhost: x\r\n")
        found = b""
        try:
            for _ in range(300):
                talk.say("x-more: " + "y" * 1000 + "\r\n")
            found = talk.heard()
        except OSError:
            found = b"closed"
        assert found.startswith(b"HTTP/1.1 431") or found == b"closed"
    assert alive(port)


def test_many_large_bodies_at_once_are_bounded(port):
    """Each client sends all but the last byte, and waits: what is held has a bound, and the rest is told to come again."""
    answers = []

    def one(talk):
        answers.append(talk.answer())

    with ExitStack() as opened:
        talks = [opened.enter_context(Talk(port)) for _ in range(_BODIES + 20)]
        for talk in talks:
            talk.say(head(2048) + " " * 2047)
        with ThreadPoolExecutor(len(talks)) as pool:
            list(pool.map(one, talks))
    codes = [json.loads(body)["code"] for _, _, body in answers]
    assert set(codes) == {"overloaded", "request_timeout"}
    assert 10 <= codes.count("overloaded") <= 25
    assert all(headers["retry-after"] for _, headers, _ in answers)
    with Talk(port) as talk:  # nothing is held any more
        body = json.dumps({"pairs": [{"a": "p000", "b": "p001"}]})
        assert talk.say(head(len(body), "/v1/scores:batch") + body).answer()[0] == 200


@pytest.mark.parametrize(
    "said", ["\x00\x01", "GET / HTTP/9.9", "GET  ", "{}", "GET /livez HTTP/1.1\r\ncontent-length: -1"]
)
def test_what_is_not_http_is_refused(port, said):
    with Talk(port) as talk:
        found = talk.say(f"{said}\r\n\r\n").heard()
        assert found == b"" or found.startswith(b"HTTP/1.1 4")
    assert alive(port)


def test_a_client_that_goes_away_harms_nobody(port):
    for said in (head(100), head(100) + '{"id"', "GET /v1/partners/p000/matches?k=40 HTTP/1.1\r\nhost: x\r\n\r\n"):
        for _ in range(5):
            with Talk(port) as talk:
                talk.say(said)
    assert alive(port)


def test_requests_one_behind_the_other_are_answered_in_order(port):
    with Talk(port) as talk:
        for number in range(5):
            last = "connection: close\r\n" if number == 4 else ""
            talk.say(f"GET /v1/partners/p00{number} HTTP/1.1\r\nhost: x\r\n{last}\r\n")
        found = talk.heard()
    assert found.count(b"HTTP/1.1 200") == 5
    assert re.findall(rb'"data":\{"id":"(p00\d)"', found) == [b"p000", b"p001", b"p002", b"p003", b"p004"]


def test_more_questions_than_can_wait_are_sent_away(start, monkeypatch):
    served = start(max_waiting=2, compute_threads=1)
    gate, real = threading.Event(), served.inner.ecosystem.view.engine.recommend

    def slow(*given, **more):
        assert gate.wait(20)
        return real(*given, **more)

    monkeypatch.setattr(served.inner.ecosystem.view.engine, "recommend", slow)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(served.api.get, f"/v1/partners/p00{number}/matches?k=3") for number in range(6)]
        eventually(lambda: sum(one.done() for one in asked) == 4)
        assert served.api.get("/livez").status_code == 200
        gate.set()
        answers = [one.result() for one in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503, 503]
    for answer in answers:
        if answer.status_code == 503:
            problem(answer, 503, "overloaded")
            assert answer.headers["retry-after"] == "2"


def test_a_profile_that_is_encoded_holds_nobody_up(calm, monkeypatch):
    from tests.conftest import WordEncoder

    fresh = NEW | {"description": "Words that nobody has asked with before."}
    gate, inside, real = threading.Event(), threading.Event(), WordEncoder.encode

    def slow(self, texts, **more):
        inside.set()
        assert gate.wait(20)
        return real(self, texts, **more)

    monkeypatch.setattr(WordEncoder, "encode", slow)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(calm.api.post, "/v1/matches:query", json={"profile": fresh}) for _ in range(4)]
        assert inside.wait(10)
        assert calm.api.get("/livez").status_code == 200
        assert calm.api.get("/v1/partners/p000/matches?k=13").status_code == 200
        gate.set()
        assert [one.result().status_code for one in asked] == [200] * 4
