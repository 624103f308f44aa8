"""`matchmaker serve` that lets one address send any number of wrong keys: Schemathesis tries one on every operation."""

from limits import parse

from matchmaker.cli.app import main
from matchmaker_service import auth

if __name__ == "__main__":
    auth._WRONG = parse("1000000/second")
    main()
