"""Suggestions of ConnectWise products for Sophos products. A person applies them, never we.

In this order of trust: the item's cross-reference is the product code; its identifier is the code;
its identifier is the one of the vendor's own default product; its name shares enough words with a
name of the product. Words are weighted by rarity in the catalog (idf), and the words that every
product of the vendor has weigh little. Inactive items and bundles, which cannot be billed on an
agreement, are never suggested, nor is an item that contradicts: another model number, Server for
User, Standard for Advanced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from core.domain.default_product import default_product, xref_of
from core.domain.models import CatalogEntry, SophosProduct, Suggestion
from core.domain.name_words import NOISE, VENDOR, Weights, contradict, words_of
from core.domain.sophos_products import short_name
from core.errors import Message, message

XREF_SCORE = 100
CODE_SCORE = 97
DEFAULT_SCORE = 95
GREATEST_NAME_SCORE = 94
LEAST_SCORE = 55

# An item that another Sophos product is mapped to already may be a bundle, but rarely is.
_TAKEN_PENALTY = 10
# An item that neither names the vendor nor shares a word as rare as this is probably another's.
_UNBRANDED_FACTOR = 0.8
# What each name has and the other has not: of the product's name half counts, of the item's a
# fifth, because partners sell under names of their own with words of their own around the key one.
_LACKING = 0.5
_ADDED = 0.2

# What a rounded score of LEAST_SCORE needs at least.
_LEAST_LIKENESS = (LEAST_SCORE - 0.51) / GREATEST_NAME_SCORE

_IDENTIFIER_ONLY_WEIGHT = 0.25
_FORMER_NAMES = 3
_MOST_WORDS = 12


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


@dataclass(frozen=True, slots=True)
class _Part:
    """Items, as bits of `mask`, that share the same looked-up words with a name.

    `trusted`: one of these words is the vendor's name or rare.
    """

    mask: int
    shared: float
    trusted: bool


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
        self._weights = Weights((entry.identifier, entry.description) for entry in usable)
        self._items = sorted(map(self._item, usable), key=lambda item: item.weight)
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
        best: _Candidate | None = None
        for name in _names(product):
            best = self._closest(name, best)
        return best

    def _item(self, entry: CatalogEntry) -> _Item:
        described = frozenset(words_of(entry.description))
        identified = frozenset(words_of(entry.identifier)) - described
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

    def _closest(self, name: _Name, best: _Candidate | None = None) -> _Candidate | None:
        """The item that is most like a name, or `best` when none is more so."""
        words = frozenset(name.words)
        weight = self._weights.total(words)
        for part in self._parts(words, weight):
            for item in self._by_weight(part.mask):
                least = LEAST_SCORE if best is None else best.score
                # Heavier items of this part are less like, so none of them can reach it either.
                if _rounded(_likeness(weight, part.shared, item.weight, part.trusted)) < least:
                    break
                score = self._score(words, weight, item)
                if score < least or contradict(words, item.words):
                    continue
                found = _Candidate(score, item, _name_reason(name, item))
                best = found if best is None else min(best, found, key=_Candidate.order)
        return best

    def _parts(self, words: frozenset[str], weight: float) -> list[_Part]:
        """The catalog divided, word by word, into the items that share these words or those.

        Parts that cannot reach the least score are left out; the likeliest comes first. Words that
        are not looked up, for being noise or too many, are taken for shared: a part's weight is a
        bound, the score is exact.
        """
        telling = (words - NOISE) | (words & {VENDOR})
        by_weight = sorted(telling, key=lambda word: (-self._weights.of(word), word))
        looked_up = by_weight[:_MOST_WORDS]
        rest = self._weights.total(looked_up)
        everything = (1 << len(self._items)) - 1
        parts = [_Part(everything, weight - rest, trusted=len(looked_up) < len(by_weight))]
        for word in looked_up:
            rest -= self._weights.of(word)
            least = _least_shared(weight) - rest
            parts = [part for part in self._divided(parts, word) if part.shared >= least]
        return sorted(parts, key=lambda part: -part.shared)

    def _divided(self, parts: Iterable[_Part], word: str) -> Iterator[_Part]:
        with_word, gain = self._mask(word), self._weights.of(word)
        trusted = word == VENDOR or self._weights.is_rare(word)
        for part in parts:
            both = part.mask & with_word
            if both:
                yield _Part(both, part.shared + gain, part.trusted or trusted)
            if both != part.mask:
                yield _Part(part.mask ^ both, part.shared, part.trusted)

    def _by_weight(self, mask: int) -> Iterator[_Item]:
        """The items of a part, lightest first: they are numbered by weight."""
        while mask:
            lowest = mask & -mask
            yield self._items[lowest.bit_length() - 1]
            mask ^= lowest

    def _mask(self, word: str) -> int:
        mask = self._masks.get(word)
        if mask is None:
            bits = bytearray(len(self._items) // 8 + 1)
            for number in self._postings.get(word, ()):
                bits[number >> 3] |= 1 << (number & 7)
            mask = self._masks[word] = int.from_bytes(bits, "little")
        return mask

    def _score(self, words: frozenset[str], weight: float, item: _Item) -> int:
        common = words & item.words
        trusted = VENDOR in common or any(map(self._weights.is_rare, common - NOISE))
        shared = self._weights.total(common)
        score = _rounded(_likeness(weight, shared, item.weight, trusted))
        return score - _TAKEN_PENALTY if item.entry.id in self._taken else score


def _likeness(weight: float, shared: float, item_weight: float, trusted: bool) -> float:
    """How like two names are, 0 to 1, from their weights and that of the words they share."""
    if shared <= 0:
        return 0.0
    lacking, added = weight - shared, max(0.0, item_weight - shared)
    likeness = shared / (shared + _LACKING * lacking + _ADDED * added)
    return likeness if trusted else likeness * _UNBRANDED_FACTOR


def _rounded(likeness: float) -> int:
    # Sums in another order differ in their last digits; that must not decide.
    return round(GREATEST_NAME_SCORE * likeness + 1e-9)


def _least_shared(weight: float) -> float:
    """The shared weight that an item needs at least, however light it is."""
    # _likeness >= _LEAST_LIKENESS, solved for the shared weight where the item adds nothing.
    return _LEAST_LIKENESS * _LACKING * weight / (1 - _LEAST_LIKENESS * (1 - _LACKING))


def _usable(entry: CatalogEntry) -> bool:
    return not entry.inactive and entry.is_billable


def _first_by(items: Iterable[_Item], key: Callable[[CatalogEntry], str]) -> dict[str, _Item]:
    """Items by a text of theirs; the one with the lowest ID where several have the same."""
    first: dict[str, _Item] = {}
    for item in items:
        text = _key(key(item.entry))
        if text and (text not in first or item.entry.id < first[text].entry.id):
            first[text] = item
    return first


def _key(text: str) -> str:
    return text.strip().casefold()


def _names(product: SophosProduct) -> Iterator[_Name]:
    """The names a product goes by, newest first, each set of words once."""
    vendor_name = default_product(product).description
    texts = [(product.description, False), (vendor_name, False)]
    texts += [(former, True) for former in product.former_descriptions[:_FORMER_NAMES]]
    seen: set[frozenset[str]] = set()
    for text, former in texts:
        words = words_of(short_name(text))
        telling = frozenset(words) - NOISE
        if telling and telling not in seen:
            seen.add(telling)
            yield _Name(short_name(text), words, former)


def _name_reason(name: _Name, item: _Item) -> Message:
    shared = [word for word in name.words if word in item.words and word not in NOISE]
    words = ", ".join(shared)
    if name.former:
        return message(
            "Same words as in the former name “{name}”: {words}.", name=name.text, words=words
        )
    return message("Same words in the name: {words}.", words=words)
