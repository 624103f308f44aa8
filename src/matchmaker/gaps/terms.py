"""Words of interfaces made comparable: what an operation does to which thing, what an event tells of, how one signs in.

A thing outside the vocabulary is its own word in the singular, so that equal words always meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from matchmaker.gaps import vocabulary as said
from matchmaker.profiles.openapi import singular

ANYTHING = "anything"
"""What a chat message, an e-mail, a table row or a text to work on can carry: any other thing."""
_CARRIERS = frozenset({"message", "email", "row", "tracked event"})
_BY_VERB = {
    **dict.fromkeys(("ask", "translate", "summarize", "summarise", "spellcheck", "autocomplete", "comprehend"), "text"),
    **dict.fromkeys(("send", "publish", "notify"), "message"),
    **dict.fromkeys(("compress", "encrypt", "decrypt", "zip", "unzip"), "file"),
}
"""What verbs take in that name no thing."""
_MEANT = {
    ("submit", "form"): "answer",
    ("track", "calendar event"): "tracked event",
    ("validate", "email"): "contact",
    ("verify", "email"): "contact",
}
"""A form is submitted with answers in it; what is tracked stands in no calendar; an e-mail is verified as somebody's address."""
_SHORT = {"ads": "ad", "ids": "id", "pos": "po", "dms": "dm"}


class Act(NamedTuple):
    """What an operation does. thing: what it is about; reads: gives it out; takes: takes it in; carries: takes in anything."""

    thing: str
    reads: bool
    takes: bool
    carries: bool


def words(text: str) -> list[str]:
    """Lower-case words in the singular; camelCase, snake_case, dots and slashes separate, what stands in brackets is left out."""
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text.replace("IDs", "ids"))
    text = re.sub(r"['’]s\b", "", text)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).lower()
    text = re.sub(r"\be-?mail", "email", text).replace("to-do", "todo").replace("look up", "lookup")
    return [singular(word) if len(word) > 3 else _SHORT.get(word, word) for word in re.findall(r"[^\W_]+", text)]


@lru_cache(maxsize=1 << 16)
def operation(text: str) -> tuple[Act, ...]:
    """Read an operation: `Create or update a contact`, `create order`, `contacts.list`; empty where it names no thing or act.

    What is worked on may stand behind the result, as in `Extract tables from a PDF`: then there are two acts.
    """
    tokens = words(text)
    at = _verb_at(tokens)
    if at is None:
        return _without_verb(tokens)
    verbs, after = _verbs_from(tokens, at)
    about = _noun(tokens[after:]) or _noun(tokens[:at])
    acts = []
    if bare := _said_by_verb(verbs, alone=not tokens[after:]):
        acts.append(bare)
    elif about is not None:
        about = next((meant for (verb, word), meant in _MEANT.items() if verb in verbs and word == about), about)
        carries = about in _CARRIERS and bool(verbs & said.CARRYING) and said.SET_PIECES.isdisjoint(tokens)
        carries |= about == "text" and bool(verbs & (said.WORKED_ON | said.PROCESS))
        acts.append(Act(about, bool(verbs & said.READ), bool(verbs & said.TAKING), carries))
    if verbs & said.PROCESS and (source := _worked_on(tokens[after:])) is not None:
        acts.append(Act(source, False, True, source == "text"))
    return tuple(acts)


@lru_cache(maxsize=1 << 16)
def event(text: str) -> str | None:
    """The thing that an event tells of: `New Order (Instant)`, `order.created`, `When an order is paid` are all `order`."""
    tokens = words(text)
    while len(tokens) > 1 and (tokens[0] in said.OPENERS or tokens[0] in said.SKIPPED or tokens[0] in {"to", "of"}):
        tokens = tokens[1:]
    named = [word for word in _before_cut(tokens) if not _is_state(word)] or tokens[:1]
    return _named(named)


@lru_cache(maxsize=1 << 16)
def thing(text: str) -> str | None:
    """The thing that an object name stands for: `Sales Orders` is `order`; None for plumbing such as `schema`."""
    return _named(_before_cut(words(text)))


def auth(methods: Iterable[str]) -> frozenset[str]:
    """Families of ways to sign in: oauth2, key, basic, signed, people (which no machine can use), none."""
    return frozenset(_AUTH_OF.get(re.sub(r"[\s-]+", "_", method.strip().lower()), "signed") for method in methods)


def formats(names: Iterable[str]) -> frozenset[str]:
    """Format names without media types and dialects: `application/json` is `json`, `X12` is `edi`."""
    plain = (re.sub(r"^\w+/(?:vnd\.[\w.-]+\+|x-)?", "", name.strip().lower()) for name in names)
    return frozenset(_FORMAT_OF.get(name, name) for name in plain if name)


def style(name: str | None) -> str | None:
    """Family of a style: call (requests over HTTP), file (files and EDI), app (inside the product); None where it is unknown."""
    return _STYLE_OF.get((name or "").strip().lower())


def _verb_at(tokens: list[str]) -> int | None:
    """Where the verb of an operation stands: the first plain one, else the first word if it can be a verb."""
    plain = [place for place, word in enumerate(tokens) if word in said.VERBS and word not in said.ALSO_NOUNS]
    if tokens and tokens[0] in said.VERBS and (tokens[0] not in said.ALSO_NOUNS or not plain):
        return 0
    if plain:
        return plain[0]
    return len(tokens) - 1 if tokens and tokens[-1] in said.VERBS else None


def _verbs_from(tokens: list[str], at: int) -> tuple[set[str], int]:
    """The verbs in a row from `at`, as in `find or create`, and where the words after them begin."""
    verbs, place = {tokens[at]}, at + 1
    while place < len(tokens) - 1 and (tokens[place] in {"or", "and"} or tokens[place] in said.VERBS - said.ALSO_NOUNS):
        verbs |= {tokens[place]} & said.VERBS
        place += 1
    return verbs, place


def _without_verb(tokens: list[str]) -> tuple[Act, ...]:
    """`HTML to PDF` works on HTML; `Chat completion` on a text."""
    if "to" in tokens:
        tokens = tokens[: tokens.index("to")]
        about = _noun(tokens)
        return (Act(about, False, True, about == "text"),) if about else ()
    return (Act("text", False, True, True),) if _noun(tokens) == "text" else ()


def _said_by_verb(verbs: set[str], *, alone: bool) -> Act | None:
    """What an operation takes in whose verb stands alone, or asks somebody: whoever is asked, it is with a text."""
    told = [_BY_VERB[verb] for verb in sorted(verbs & _BY_VERB.keys()) if alone or verb == "ask"]
    return Act(told[0], False, True, told[0] != "file") if told else None


def _worked_on(tokens: list[str]) -> str | None:
    """The thing behind `from`, `in` or `of`."""
    places = [place for place, word in enumerate(tokens) if word in {"from", "in", "of"}]
    return _noun(tokens[places[0] + 1 :]) if places else None


def _noun(tokens: list[str]) -> str | None:
    """The thing of the first noun phrase; where a preposition comes first, of the phrase behind it."""
    start = 0
    while start < len(tokens) and (
        tokens[start] in said.CUTS or tokens[start] in said.SKIPPED or tokens[start] in {"up", "of"}
    ):
        start += 1
    return _named(_before_cut(tokens[start:]))


def _before_cut(tokens: list[str]) -> list[str]:
    """The words up to a preposition or auxiliary; `list of orders` goes on behind `of`, `copy` and the like being no thing."""
    found: list[str] = []
    for word in tokens:
        if word == "of" and found and found[-1] in said.TAILS | said.CONTAINERS:
            found = []
        elif word in said.CUTS or word == "of" or (found and _is_past(word)):
            break
        else:
            found.append(word)
    return found


def _named(tokens: list[str]) -> str | None:
    """The thing of a noun phrase: the longest ending in the vocabulary, else its last word that is no mere part of a thing."""
    phrase = [word for word in tokens if word not in said.SKIPPED and not word.isdigit()]
    while phrase:
        for length in (3, 2, 1):
            known = _THING_OF.get(" ".join(phrase[-length:])) if len(phrase) >= length else None
            if known and not (length == 1 and len(phrase) > 1 and phrase[-1] in said.TAILS):
                return known
        if len(phrase) > 1 and phrase[-1] in said.TAILS:
            phrase = phrase[:-1]
            continue
        if phrase[-1] in said.VAGUE and len(phrase) > 1 and phrase[-2] not in said.NOISE:
            return " ".join(phrase[-2:])
        return None if phrase[-1] in said.NOISE else phrase[-1]
    return None


def _is_state(word: str) -> bool:
    """Whether a word of an event tells what happened rather than to what."""
    return word in said.STATES or _is_past(word)


def _is_past(word: str) -> bool:
    return word.endswith("ed") and word not in said.NOT_PAST


def _vocabulary() -> dict[str, str]:
    """Phrase in singular words -> thing."""
    lines = re.sub(r"\n\s+", " ", said.THINGS.strip()).split("\n")
    groups = (line.split(": ", 1) for line in lines)
    return {" ".join(words(phrase)): name for name, phrases in groups for phrase in phrases.split(",")}


def _family_of(families: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {word: family for family, members in families.items() for word in members}


_THING_OF = _vocabulary()
_AUTH_OF, _FORMAT_OF, _STYLE_OF = map(_family_of, (said.AUTH, said.FORMATS, said.STYLES))
