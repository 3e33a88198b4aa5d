"""Suggestions of ConnectWise products for Sophos products. A person applies them, never we.

In this order of trust: the item's cross-reference is the product code; its identifier is the code;
its identifier is the one of the vendor's own default product; its name shares enough words with a
name of the product. Words are weighted by rarity in the catalog (idf), and the words that every
product of the vendor has weigh little. Inactive items and bundles, which cannot be billed on an
agreement, are never suggested, nor is an item that contradicts: another model number, Server for
User, Standard for Advanced.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.domain.default_product import default_product, xref_of
from core.domain.models import CatalogEntry, ProductClass, SophosProduct, Suggestion
from core.domain.product_search import normalise
from core.domain.sophos_products import short_name
from core.errors import Message, message

XREF_SCORE = 100
CODE_SCORE = 97
DEFAULT_SCORE = 95
GREATEST_NAME_SCORE = 94
LEAST_SCORE = 60

# What a rounded score of LEAST_SCORE needs at least.
_LEAST_LIKENESS = (LEAST_SCORE - 0.51) / GREATEST_NAME_SCORE

# An item that another Sophos product is mapped to already may be a bundle, but rarely is.
_TAKEN_PENALTY = 10
_UNBRANDED_FACTOR = 0.85
_NOISE_WEIGHT = 0.1
_IDENTIFIER_ONLY_WEIGHT = 0.25
_FORMER_NAMES = 3
_MOST_WORDS = 12

_VENDOR = "sophos"
_NOISE_WORDS = """
sophos central msp monthly license licence licenses licences subscription mensuel
per for the with and of a to par pour avec et de
"""
_NOISE = frozenset(_NOISE_WORDS.split())
_ALIASES = {
    "adv": "advanced",
    "std": "standard",
    "srv": "server",
    "svr": "server",
    "servers": "server",
    "serveur": "server",
    "serveurs": "server",
    "users": "user",
    "utilisateur": "user",
    "utilisateurs": "user",
    "ep": "endpoint",
    "endpoints": "endpoint",
    "fw": "firewall",
    "enc": "encryption",
    "mails": "email",
    "mail": "email",
}
_CONTRASTS = (
    ("server", "user"),
    ("standard", "advanced"),
    ("standard", "xstream"),
    ("essentials", "complete"),
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Item:
    entry: CatalogEntry
    words: frozenset[str]
    weight: float


@dataclass(frozen=True)
class _Name:
    """One name that a product goes by; `former` when it is no longer the current one."""

    text: str
    words: tuple[str, ...]
    former: bool


@dataclass(frozen=True)
class _Candidate:
    score: int
    item: _Item
    reason: Message

    def order(self) -> tuple[int, str, int]:
        return (-self.score, self.item.entry.identifier, self.item.entry.id)


def suggest(
    products: Iterable[SophosProduct],
    catalog: Iterable[CatalogEntry],
    *,
    taken: Collection[int] = (),
) -> dict[str, Suggestion]:
    """The best suggestion per product code; products without a good one are absent.

    `taken` are the ConnectWise products that are mapped already; they rank lower by name.
    """
    index = _Index(catalog, frozenset(taken))
    found = ((product.code, index.best(product)) for product in products)
    return {
        code: Suggestion(best.item.entry.id, best.score, best.reason)
        for code, best in found
        if best is not None
    }


class _Index:
    """The catalog, by cross-reference, identifier and word."""

    def __init__(self, catalog: Iterable[CatalogEntry], taken: frozenset[int]) -> None:
        usable = [entry for entry in catalog if _usable(entry)]
        self._taken = taken
        self._weights = _Weights(usable)
        self._items = sorted(map(self._item, usable), key=lambda item: item.weight)
        self._item_weights = [item.weight for item in self._items]
        self._by_xref = _first_by(self._items, lambda entry: entry.integration_xref)
        self._by_identifier = _first_by(self._items, lambda entry: entry.identifier)
        self._postings: dict[str, list[int]] = defaultdict(list)
        self._masks: dict[str, int] = {}
        for number, item in enumerate(self._items):
            for word in item.words:
                self._postings[word].append(number)

    def best(self, product: SophosProduct) -> _Candidate | None:
        exact = self._exact(product)
        if exact is not None:
            return exact
        candidates = [candidate for name in _names(product) for candidate in self._by_name(name)]
        return min(candidates, key=_Candidate.order, default=None)

    def _item(self, entry: CatalogEntry) -> _Item:
        described = frozenset(_words(entry.description))
        identified = frozenset(_words(entry.identifier)) - described
        # Identifiers are full of abbreviations: what they add must not count against a name.
        weight = self._weights.total(described)
        weight += _IDENTIFIER_ONLY_WEIGHT * self._weights.total(identified)
        return _Item(entry, described | identified, weight)

    def _exact(self, product: SophosProduct) -> _Candidate | None:
        code = product.code
        for xref in (code, xref_of(code)):
            item = self._by_xref.get(_key(xref))
            if item is not None:
                reason = message("Its cross-reference is the product code {code}.", code=code)
                return _Candidate(XREF_SCORE, item, reason)
        item = self._by_identifier.get(_key(code))
        if item is not None:
            reason = message("Its identifier is the product code {code}.", code=code)
            return _Candidate(CODE_SCORE, item, reason)
        standard = default_product(product).identifier
        item = self._by_identifier.get(_key(standard))
        if item is None:
            return None
        reason = message(
            "Its identifier {identifier} is that of the default product.", identifier=standard
        )
        return _Candidate(DEFAULT_SCORE, item, reason)

    def _by_name(self, name: _Name) -> Iterator[_Candidate]:
        words = frozenset(name.words)
        weight = self._weights.total(words)
        for item in self._sharing(words, weight):
            score = self._score(words, weight, item)
            if score >= LEAST_SCORE and not _contradict(words, item.words):
                yield _Candidate(score, item, _name_reason(name, item))

    def _sharing(self, words: frozenset[str], weight: float) -> Iterator[_Item]:
        """The items that can reach the least score; numbers of items are bits of integers.

        The catalog is divided, word by word, into the items that share this and those that share
        that. Of each part only the lighter items qualify, because likeness is twice the shared
        weight over the weight of both names; and items are numbered by weight.
        """
        telling = sorted(words - _NOISE, key=lambda word: (-self._weights.of(word), word))
        telling = telling[:_MOST_WORDS]
        rest = self._weights.total(telling)
        # Words that are not looked up are taken for shared: the score is exact, this is a bound.
        parts = [(self._lighter(weight, weight), weight - rest)]
        for word in telling:
            rest -= self._weights.of(word)
            least = _LEAST_LIKENESS / 2 * weight - rest
            parts = [part for part in self._divided(parts, word) if part[1] >= least]
        for mask, shared in parts:
            for number in _bits(mask & self._lighter(shared, weight)):
                yield self._items[number]

    def _divided(self, parts: list[tuple[int, float]], word: str) -> Iterator[tuple[int, float]]:
        with_word = self._mask(word)
        for mask, shared in parts:
            both = mask & with_word
            if both:
                yield both, shared + self._weights.of(word)
            if both != mask:
                yield mask ^ both, shared

    def _lighter(self, shared: float, weight: float) -> int:
        """The items that are light enough to reach the least score with this shared weight."""
        heaviest = 2 * shared / _LEAST_LIKENESS - weight
        return (1 << bisect_right(self._item_weights, heaviest)) - 1

    def _mask(self, word: str) -> int:
        mask = self._masks.get(word)
        if mask is None:
            bits = bytearray(len(self._items) // 8 + 1)
            for number in self._postings.get(word, ()):
                bits[number >> 3] |= 1 << (number & 7)
            mask = self._masks[word] = int.from_bytes(bits, "little")
        return mask

    def _score(self, words: frozenset[str], weight: float, item: _Item) -> int:
        shared = self._weights.total(words & item.words)
        likeness = min(1.0, 2 * shared / (weight + item.weight))
        if _VENDOR not in item.words:
            likeness *= _UNBRANDED_FACTOR
        score = round(GREATEST_NAME_SCORE * likeness)
        return score - _TAKEN_PENALTY if item.entry.id in self._taken else score


class _Weights:
    """How much a word tells: the rarer in the catalog, the more."""

    def __init__(self, entries: Sequence[CatalogEntry]) -> None:
        self._count = len(entries)
        self._frequency: dict[str, int] = defaultdict(int)
        self._known: dict[str, float] = {}
        for entry in entries:
            for word in {*_words(entry.description), *_words(entry.identifier)}:
                self._frequency[word] += 1

    def of(self, word: str) -> float:
        weight = self._known.get(word)
        if weight is None:
            frequency = self._frequency.get(word, 0) or 0.5
            weight = math.log1p(self._count / frequency)
            weight *= _NOISE_WEIGHT if word in _NOISE else 1
            self._known[word] = weight
        return weight

    def total(self, words: Iterable[str]) -> float:
        return math.fsum(map(self.of, words))


def _usable(entry: CatalogEntry) -> bool:
    return not entry.inactive and entry.product_class is not ProductClass.BUNDLE


def _first_by(items: Iterable[_Item], key: Callable[[CatalogEntry], str]) -> dict[str, _Item]:
    """Items by a text of theirs; the one with the lowest ID where several have the same."""
    first: dict[str, _Item] = {}
    for item in items:
        text = _key(key(item.entry))
        if text and (text not in first or item.entry.id < first[text].entry.id):
            first[text] = item
    return first


def _bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    digits = bin(mask)[:1:-1] if mask else ""
    number = digits.find("1")
    while number >= 0:
        yield number
        number = digits.find("1", number + 1)


def _key(text: str) -> str:
    return text.strip().casefold()


def _words(text: str) -> tuple[str, ...]:
    found = _WORD.findall(normalise(text))
    return tuple(dict.fromkeys(_ALIASES.get(word, word) for word in found))


def _names(product: SophosProduct) -> Iterator[_Name]:
    """The names a product goes by, newest first, each set of words once."""
    vendor_name = default_product(product).description
    texts = [(product.description, False), (vendor_name, False)]
    texts += [(former, True) for former in product.former_descriptions[:_FORMER_NAMES]]
    seen: set[frozenset[str]] = set()
    for text, former in texts:
        words = _words(short_name(text))
        telling = frozenset(words) - _NOISE
        if telling and telling not in seen:
            seen.add(telling)
            yield _Name(short_name(text), words, former)


def _contradict(name: frozenset[str], item: frozenset[str]) -> bool:
    """Whether the words rule a match out, however many others are shared."""
    name_numbers, item_numbers = _numbers(name), _numbers(item)
    if name_numbers and item_numbers and name_numbers.isdisjoint(item_numbers):
        return True
    return any(_opposed(pair, name, item) for pair in _CONTRASTS)


def _opposed(pair: tuple[str, str], name: frozenset[str], item: frozenset[str]) -> bool:
    of_name, of_item = name.intersection(pair), item.intersection(pair)
    return bool(of_name) and bool(of_item) and of_name.isdisjoint(of_item)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if any(char.isdigit() for char in word))


def _name_reason(name: _Name, item: _Item) -> Message:
    shared = [word for word in name.words if word in item.words and word not in _NOISE]
    words = ", ".join(shared)
    if name.former:
        return message(
            "Same words as in the former name “{name}”: {words}.", name=name.text, words=words
        )
    return message("Same words in the name: {words}.", words=words)
