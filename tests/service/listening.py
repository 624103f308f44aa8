"""A real server in this process, and raw talk to it."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from contextlib import contextmanager

import uvicorn

from matchmaker_service.app import create_app


@contextmanager
def listening(settings):
    """The port of a server of these settings, with the protocol that `matchmaker serve` takes."""
    root, interval = logging.getLogger(), sys.getswitchinterval()
    handlers, level = root.handlers[:], root.level
    config = uvicorn.Config(
        create_app(settings),
        host="127.0.0.1",
        port=0,
        http="matchmaker_service.protocol:Patient",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive() and time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)
        root.handlers[:], root.level = handlers, level
        sys.setswitchinterval(interval)


class Talk:
    """A connection on which anything can be said."""

    def __init__(self, port, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def heard(self):
        """All that comes until the other side closes."""
        found = b""
        try:
            while part := self.socket.recv(65536):
                found += part
        except ConnectionResetError:
            pass
        return found

    def answer(self):
        """One answer: status, headers, body."""
        found = b""
        while b"\r\n\r\n" not in found:
            part = self.socket.recv(65536)
            assert part, f"closed after {found!r}"
            found += part
        return self._parted(found)

    def _parted(self, found):
        head, _, body = found.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += self.socket.recv(65536)
        return int(first.split()[1]), headers, body
