"""Words of company names, so that the same company is recognised under both its spellings.

Case, accents, dots and apostrophes do not count; the legal form and the words of grammar tell next
to nothing; numbers may be written out; a word may be cut short or bent.
"""

from __future__ import annotations

import re

from core.domain.product_search import normalise

_LEGAL_FORMS = """
sarl sas sasu eurl sa sci scp scm sca snc scop scic selarl selas gie ste societe ets etablissements
ltd limited llp llc lp plc inc incorporated corp corporation co company cic
gmbh mbh ag kg kgaa ohg ug gbr ev eg se bv nv vof cv sprl srl sarls spa snc sl slu oy ab as aps pty
"""
_GRAMMAR = """
le la les l de du des d et en au aux a the of and for von und der die das y e el los al cie fils
"""
NOISE = frozenset(f"{_LEGAL_FORMS} {_GRAMMAR}".split())

_ALIASES = {
    "st": "saint",
    "groupe": "group",
    "un": "1",
    "one": "1",
    "deux": "2",
    "two": "2",
    "trois": "3",
    "three": "3",
    "quatre": "4",
    "four": "4",
    "cinq": "5",
    "five": "5",
    "six": "6",
    "sept": "7",
    "seven": "7",
    "huit": "8",
    "eight": "8",
    "neuf": "9",
    "nine": "9",
    "dix": "10",
    "ten": "10",
}
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_JOINED = re.compile(r"(?<=\bo)['’](?=\w)|['’](?=s\b)")
_CLIPPED = re.compile(r"\bp['’](?=tite?s?\b)")
_WORD = re.compile(r"[^\W_]+")
_ABBREVIATED = re.compile(r"[^\W\d_]{3,}(?=\.)")

STEM = 5
_ALIKE = 2 / 3


def words_of(text: str) -> tuple[str, ...]:
    """The words of a company's name in comparable form, each once, in order."""
    return tuple(dict.fromkeys(_ALIASES.get(word, word) for word in _WORD.findall(_plain(text))))


def telling(words: tuple[str, ...]) -> frozenset[str]:
    """The words that can tell one company from another; all of them where there are no others."""
    return frozenset(words) - NOISE or frozenset(words)


def abbreviations(text: str) -> frozenset[str]:
    """The words that are cut short with a dot, such as `eng.`."""
    return frozenset(_ABBREVIATED.findall(_plain(text))) - NOISE


def stem(word: str) -> str:
    """What words that are near each other have in common, if neither is an abbreviation."""
    return word[:STEM]


def are_near(word: str, other: str) -> bool:
    """Whether one word may be the other, bent: supply and supplies, logistique and logistics."""
    common = 0
    for left, right in zip(word, other, strict=False):
        if left != right:
            break
        common += 1
    return common >= STEM and common >= _ALIKE * min(len(word), len(other))


def _plain(text: str) -> str:
    joined = _CLIPPED.sub("pe", _JOINED.sub("", normalise(text)))
    return _INITIALS.sub(lambda match: match[0].replace(".", ""), joined)
