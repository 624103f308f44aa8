"""Answers at hand: finished bodies of one generation of the ecosystem, the latest used ones kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

_BYTES = 64 << 20
"""Bytes of bodies that are kept."""


@dataclass(frozen=True)
class Answer:
    """A finished body and its entity tag."""

    body: bytes
    tag: str


class Answers:
    """A cache by question, bounded in bytes. Any number of threads may use it."""

    def __init__(self, most: int = _BYTES) -> None:
        self._most, self._held = most, 0
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: str) -> Answer | None:
        """What was answered."""
        with self._lock:
            found = self._kept.get(question)
            if found is not None:
                self._kept.move_to_end(question)
            return found

    def put(self, question: str, answer: Answer) -> None:
        """Keep an answer; those that were not used for longest go."""
        with self._lock:
            before = self._kept.pop(question, None)
            self._held += len(answer.body) - (0 if before is None else len(before.body))
            self._kept[question] = answer
            while self._held > self._most and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._held -= len(gone.body)
