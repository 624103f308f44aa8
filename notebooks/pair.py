"""Writes every notebook's .ipynb from its .py, without outputs: `make notebooks`.

The ids of cells are digests of what they say, so that the same .py always gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jupytext

FOLDER = Path(__file__).resolve().parent


def sources() -> list[Path]:
    """The notebooks as text, in reading order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def paired(source: Path) -> str:
    """The .ipynb of a notebook that is given as py:percent text."""
    notebook = jupytext.read(source)
    for cell, name in zip(notebook.cells, _ids([cell.source for cell in notebook.cells]), strict=True):
        cell["id"] = name
    text: str = jupytext.writes(notebook, fmt="ipynb")
    return text.rstrip("\n") + "\n"


def _ids(texts: list[str]) -> Iterator[str]:
    """A name of 8 hex digits for each text; equal texts are counted."""
    seen = Counter[str]()
    for text in texts:
        yield hashlib.blake2b(f"{seen[text]}\0{text}".encode(), digest_size=4).hexdigest()
        seen[text] += 1


if __name__ == "__main__":
    for one in sources():
        one.with_suffix(".ipynb").write_text(paired(one), encoding="utf-8")
