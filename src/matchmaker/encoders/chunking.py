"""Long texts are encoded whole: split where a sentence or a word ends, encoded in parts, pooled by their length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matchmaker.encoders.base import ChunkEncoder

_SENTENCE_END = re.compile(r"[.!?;:\n]\s")


@dataclass(frozen=True)
class Chunk:
    """A part of a text and how many tokens it has."""

    text: str
    tokens: int


def chunks(texts: Sequence[str], encoder: ChunkEncoder) -> list[list[Chunk]]:
    """The parts of every text, each within the encoder's window; none for a text without a word."""
    # No token is shorter than one byte: a text of fewer bytes than the window needs no tokeniser.
    short = [len(text.encode("utf-8", "replace")) <= encoder.window for text in texts]
    long = iter(encoder.offsets([text for text, is_short in zip(texts, short, strict=True) if not is_short]))
    return [
        _split(text, [] if is_short else next(long), encoder.window, short=is_short)
        for text, is_short in zip(texts, short, strict=True)
    ]


def _split(text: str, offsets: list[tuple[int, int]], window: int, *, short: bool) -> list[Chunk]:
    if short:
        return [Chunk(text, len(text.split()))] if any(map(str.isprintable, text.split())) else []
    if len(offsets) <= window:
        return [Chunk(text, len(offsets))] if offsets else []
    parts, start = [], 0
    while start < len(offsets):
        end = min(start + window, len(offsets))
        if end < len(offsets):
            end = _border(text, offsets, start, end)
        parts.append(Chunk(text[offsets[start][0] : offsets[end - 1][1]], end - start))
        start = end
    return parts


def _border(text: str, offsets: list[tuple[int, int]], start: int, end: int) -> int:
    """The last place up to `end` after which a sentence ends, in the second half of the window; else a word; else `end`."""
    middle = start + (end - start) // 2
    places = range(end, middle, -1)
    for place in places:
        if _SENTENCE_END.match(text, offsets[place - 1][1] - 1):
            return place
    for place in places:
        if text[offsets[place - 1][1] : offsets[place - 1][1] + 1].isspace():
            return place
    return end
