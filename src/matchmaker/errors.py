"""Every exception Matchmaker raises on purpose.

MatchmakerError
├── InputError                 what the caller handed in is wrong: mend it and call again
│   ├── CatalogueError         a file is wrong as a whole
│   ├── ColumnError            a required column is missing, or a mapping names none
│   ├── UnknownPartnerError    no partner has this id (near names are suggested)
│   ├── FilterError            a filter names an unknown field or a value of the wrong kind
│   ├── SettingsError          a setting or argument is out of range, or a needed one is absent
│   └── OpenAPIError           a file is not a usable OpenAPI document
├── StateError                 the input is fine, what it meets here is not ready for it
│   ├── NotFittedError         the engine holds no ecosystem yet
│   ├── EncoderError           an encoder cannot be loaded, or is not the one expected
│   │   └── MissingExtraError  an optional dependency is not installed
│   ├── StorageError           the disk refused (full, read-only, no permission)
│   ├── StoreError             the database refused, or is not to be reached
│   ├── ConflictError          what is to be changed was changed by somebody else meanwhile
│   ├── GateRefusedError       the release gate refused a version, and it is not forced
│   └── BundleError            a bundle cannot be used
│       ├── BundleMissingError no bundle is at this path
│       ├── BundleVersionError written by a format this version does not read
│       └── BundleCorruptError a file is missing, or is not the one the manifest names
└── InternalError              a promise inside Matchmaker was broken: please report it

Every class has a stable `code` (docs/errors.md explains each) and the exit status of the CLI.
"""

from __future__ import annotations


class MatchmakerError(Exception):
    """Base of all deliberate errors; `str(error)` says what, where and what to do."""

    code = "error"
    exit_code = 1


class InputError(MatchmakerError):
    """The caller's data or arguments are wrong."""

    code = "invalid_input"
    exit_code = 3


class CatalogueError(InputError):
    """A file is wrong as a whole: unreadable, empty, truncated, of no known kind."""

    code = "catalogue_unusable"


class ColumnError(InputError):
    """A required column is missing, or a column mapping names one that is not there."""

    code = "column_missing"


class UnknownPartnerError(InputError):
    """No partner has this id."""

    code = "unknown_partner"

    def __init__(self, partner: str, suggestions: tuple[str, ...] = ()) -> None:
        """Build the message from `partner` and up to a few near ids or names."""
        self.partner = partner
        self.suggestions = suggestions
        hint = (
            f"Did you mean: {', '.join(suggestions)}?"
            if suggestions
            else "Give an id or an exact name of the catalogue."
        )
        super().__init__(f"No partner has the id or name {partner!r}. {hint}")


class FilterError(InputError):
    """A filter names an unknown field or holds a value of the wrong kind."""

    code = "invalid_filter"


class SettingsError(InputError):
    """A setting or argument is out of range, or a needed one is absent."""

    code = "invalid_setting"
    exit_code = 2


class OpenAPIError(InputError):
    """A file is not a usable OpenAPI document."""

    code = "invalid_openapi"


class StateError(MatchmakerError):
    """The input is fine; what it meets here is not ready for it."""

    code = "not_ready"
    exit_code = 4


class NotFittedError(StateError):
    """The engine holds no ecosystem yet: call `fit` or `load` first."""

    code = "not_fitted"


class EncoderError(StateError):
    """An encoder cannot be loaded, or is not the one that made the stored vectors."""

    code = "encoder_unusable"


class MissingExtraError(EncoderError):
    """An optional dependency is not installed; the message holds the pip line."""

    code = "missing_extra"


class StorageError(StateError):
    """The disk refused: full, read-only, or no permission. Nothing was half-written."""

    code = "storage_failed"


class StoreError(StateError):
    """The database refused, or is not to be reached; the transaction was rolled back."""

    code = "store_unavailable"


class ConflictError(StateError):
    """What is to be changed is not at the revision that the caller expects; nothing was written."""

    code = "revision_conflict"

    def __init__(self, what: str, id: str, expected: int, found: int) -> None:
        """`what` it is (partner, relation), its id, and both revisions; 0 is that of what does not exist."""
        self.what, self.id, self.expected, self.found = what, id, expected, found
        stands = f"is at revision {found}" if found else "does not exist in the store"
        wanted = f"revision {expected} was expected" if expected else "it was expected not to exist"
        super().__init__(f"The {what} {id!r} {stands}; {wanted}. Read it again, then write.")


class GateRefusedError(StateError):
    """The release gate refused a version that learned from history; the one in use stays."""

    code = "gate_refused"


class BundleError(StateError):
    """A bundle cannot be used."""

    code = "bundle_unusable"


class BundleMissingError(BundleError):
    """No bundle is at this path."""

    code = "bundle_missing"


class BundleVersionError(BundleError):
    """The bundle was written in a format that this version does not read."""

    code = "bundle_version"


class BundleCorruptError(BundleError):
    """A file of the bundle is missing, or is not the one that the manifest names."""

    code = "bundle_corrupt"


class InternalError(MatchmakerError):
    """A promise inside Matchmaker was broken; please report it."""

    code = "internal"
