"""`matchmaker` with the bag of words for its encoder: for tests of processes, of which each would load a model for ten seconds.

The processes that it starts import this module too, so that they encode with words as well.
"""

import matchmaker.encoders
from matchmaker.cli.app import main
from tests.words import WordEncoder

matchmaker.encoders.open_encoder = lambda *_, **__: WordEncoder()

if __name__ == "__main__":
    main()
