"""Text of the `conditions` parameter of ConnectWise.

Strings stand in double or single quotes, and no way to escape a quote inside is documented, so the
quote character is the one that the value lacks. In text matches `*`, `%`, `_` and `[...]` are
wildcards. A value that cannot be written as it is narrows the search by the parts of it that can,
and the caller filters what comes back (`exactly` and `containing` say when).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

# Wildcards, the bracket of their escape, and the backslash that some servers take as an escape.
_WILD = re.compile(r"[*%\[\]\\\x00-\x1f]+")
_WILD_OR_QUOTE = re.compile(r"[*%\[\]\\'\"\x00-\x1f]+")
# Characters in the address, where a letter outside ASCII takes six to twelve.
_LONGEST_PART = 150
_MOST_PARTS = 3
_LARGEST_ID = 2**31 - 1
# Room for host, codebase, path and the other parameters in an address of 2,000 characters.
LONGEST_CONDITIONS = 1500


@dataclass(frozen=True)
class Condition:
    """A condition, empty for everything. `exact` False: filter what comes back."""

    text: str
    exact: bool


def quoted(value: str) -> str:
    """The value in the quotes that it lacks; raises ValueError where it has both."""
    for mark in ('"', "'"):
        if mark not in value:
            return mark + value + mark
    raise ValueError("a value with both quote characters cannot be written")


def exactly(field: str, value: str) -> Condition:
    """Records whose `field` is `value`."""
    if _is_plain(value):
        return Condition(f"{field}={quoted(value)}", exact=True)
    return Condition(_all_parts(field, value), exact=False)


def containing(fields: Sequence[str], text: str) -> Condition:
    """Records that have `text` somewhere in one of the fields."""
    alternatives = [_all_parts(field, text) for field in fields]
    if not all(alternatives):
        return Condition("", exact=False)
    # "_" stands for any character in a match of the server's database.
    exact = _is_plain(text) and "_" not in text and _shortened(text) == text
    return Condition(any_of(*alternatives), exact)


def with_id(number: str) -> str:
    """A condition on the id for text that is one; empty for any other."""
    digits = number.lstrip("0")
    if digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) <= _LARGEST_ID:
        return f"id={digits}"
    return ""


def with_ids(numbers: Iterable[int]) -> list[str]:
    """Conditions for records with one of the ids, each short enough for an address."""
    conditions: list[str] = []
    for number in sorted(set(numbers)):
        longer = f"{conditions[-1][:-1]},{number})" if conditions else ""
        if longer and len(quote(longer, safe="")) <= LONGEST_CONDITIONS:
            conditions[-1] = longer
        else:
            conditions.append(f"id in ({number})")
    return conditions


def any_of(*conditions: str) -> str:
    """The conditions joined by "or", without empty ones."""
    given = [condition for condition in conditions if condition]
    return " or ".join(given) if len(given) < 2 else "(" + " or ".join(given) + ")"


def all_of(*conditions: str) -> str:
    """The conditions joined by "and", without empty ones."""
    return " and ".join(condition for condition in conditions if condition)


def batches(conditions: Sequence[str], longest: int) -> list[str]:
    """The conditions joined by "or" into few texts, each at most `longest` in an address."""
    joined: list[str] = []
    for condition in conditions:
        candidate = f"{joined[-1]} or {condition}" if joined else condition
        if joined and len(quote(candidate, safe="")) <= longest:
            joined[-1] = candidate
        else:
            joined.append(condition)
    return joined


def _is_plain(value: str) -> bool:
    return _WILD.search(value) is None and not ('"' in value and "'" in value)


def _all_parts(field: str, text: str) -> str:
    """`field` contains every part of the text that can be written; empty when there is none."""
    pattern = _WILD_OR_QUOTE if '"' in text and "'" in text else _WILD
    parts = {part.strip() for part in pattern.split(text)} - {""}
    longest = sorted(parts, key=lambda part: (-len(part), part))[:_MOST_PARTS]
    written = [f"{field} contains {quoted(_shortened(part))}" for part in longest]
    return written[0] if len(written) == 1 else f"({all_of(*written)})" if written else ""


def _shortened(part: str) -> str:
    """The start of a part: what contains the whole contains its start too."""
    part = part[:_LONGEST_PART]
    while len(quote(part, safe="")) > _LONGEST_PART:
        part = part[:-1]
    return part
