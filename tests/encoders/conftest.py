import pytest

from matchmaker.encoders import open_encoder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="session")
def minilm(encoder_folder):
    opened = open_encoder("minilm", cache_dir=encoder_folder)
    opened.encode(["loads the model"])
    return opened


@pytest.fixture(scope="session")
def static(encoder_folder):
    """Distilled once for the whole session: a pass of the model over its vocabulary."""
    opened = open_encoder("static", cache_dir=encoder_folder, batch_size=64)
    opened.encode(["makes the token vectors"])
    return opened


@pytest.fixture(params=["minilm", pytest.param("static", marks=pytest.mark.slow)])
def spec(request):
    return request.param


@pytest.fixture
def loaded(spec, request):
    """The shared encoder of this kind."""
    return request.getfixturevalue(spec)


@pytest.fixture
def fresh(spec, loaded, tmp_path):
    """Opens the encoder again with an empty cache; what the shared one has loaded is not loaded again."""
    made = []

    def opened(batch_size=32):
        folder = tmp_path / f"cache-{len(made)}"
        made.append(folder)
        encoder = open_encoder(spec, cache_dir=folder, batch_size=batch_size)
        for part in ("_model", "_tokenizer", "_vectors"):
            if part in loaded._encoder.__dict__:
                encoder._encoder.__dict__[part] = loaded._encoder.__dict__[part]
        return encoder

    return opened
