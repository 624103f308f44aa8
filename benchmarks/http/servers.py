"""A server as a process of its own, and what the kernel tells about it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http.wire import Address

_STOPPING = 15.0
_TICK = 0.2


@dataclass(frozen=True)
class Server:
    """A process that listens and has said that it is ready. ready_after: seconds that took."""

    name: str
    pid: int
    address: Address
    ready_after: float

    def peak_memory(self) -> float | None:
        """GB resident at most so far, mapped files included, over the process and its children; None where /proc is missing."""
        parts = [_status(pid).get("VmHWM") for pid in _family(self.pid)]
        known = [part for part in parts if part is not None]
        return sum(known) / 1e6 if known else None

    def own_memory(self) -> float | None:
        """GB resident now that are not mapped files; None where /proc is missing."""
        known = [part for pid in _family(self.pid) if (part := _status(pid).get("RssAnon")) is not None]
        return sum(known) / 1e6 if known else None

    def cpu_seconds(self) -> float:
        """Processor seconds of the process and its children so far, all threads; 0 where /proc is missing."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(
    name: str, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str], patience: float
) -> Iterator[Server]:
    """Run `command` until /readyz answers 200, and stop it at the end. Raises SystemExit with the log's end when it fails."""
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command), stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
    address = Address(port)
    try:
        while not _ready(address):
            if process.poll() is not None or time.perf_counter() - started > patience:
                raise SystemExit(f"{name} did not become ready ({log} in full):\n{_end(log)}")
            time.sleep(_TICK)
        yield Server(name, process.pid, address, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _ready(address: Address) -> bool:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    family = [pid]
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                family += _family(int(child))
    return family


def _status(pid: int) -> dict[str, int]:
    """Fields of /proc/PID/status that are numbers of kB."""
    fields = {}
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if value.endswith(" kB"):
                fields[name] = int(value.split()[0])
    return fields


def _ticks(pid: int) -> int:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    user, system = 11, 12
    return int(after_name[user]) + int(after_name[system])
