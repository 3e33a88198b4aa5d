"""Words of names: how they are compared, and how much each of them tells.

The rarer a word is in a catalog, the more it tells (idf); noise tells next to nothing. For product
names, noise is the words that every product of the vendor has, and those of grammar; abbreviations
and the French words of the trade stand for the English ones.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from core.domain.product_search import normalise

_NOISE_WEIGHT = 0.1
# A word in no more than this share of the catalog marks a product almost like a number does.
_RARE_SHARE = 0.003

VENDOR = "sophos"
_NOISE_WORDS = """
sophos central msp monthly license licence licenses licences subscription mensuel
per for the with and of a e to par pour avec et de pare
"""
NOISE = frozenset(_NOISE_WORDS.split())
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
    "messagerie": "email",
    "chiffrement": "encryption",
    "portail": "portal",
    "mobiles": "mobile",
    "avance": "advanced",
    "avancee": "advanced",
    "feu": "firewall",
    "sauvegarde": "backup",
}
_CONTRASTS = (
    ("server", "user"),
    ("standard", "advanced"),
    ("standard", "xstream"),
    ("essentials", "complete"),
)
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in comparable form, each once, in order."""
    found = _WORD.findall(normalise(text))
    return tuple(dict.fromkeys(_ALIASES.get(word, word) for word in found))


def contradict(name: frozenset[str], item: frozenset[str]) -> bool:
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


class Weights:
    """How much a word tells: the rarer in the catalog, the more."""

    def __init__(
        self,
        texts: Iterable[Iterable[str]],
        *,
        noise: frozenset[str] = NOISE,
        split: Callable[[str], Iterable[str]] = words_of,
    ) -> None:
        """`texts` has the names of each entry of the catalog; `split` gives a name's words."""
        self._noise = noise
        self._count = 0
        self._frequency: dict[str, int] = defaultdict(int)
        self._known: dict[str, float] = {}
        for names in texts:
            self._count += 1
            for word in {word for name in names for word in split(name)}:
                self._frequency[word] += 1

    def of(self, word: str) -> float:
        """The weight of one word; a word that the catalog lacks weighs the most."""
        weight = self._known.get(word)
        if weight is None:
            frequency = self._frequency.get(word, 0) or 0.5
            weight = math.log1p(self._count / frequency)
            weight *= _NOISE_WEIGHT if word in self._noise else 1
            self._known[word] = weight
        return weight

    def total(self, words: Iterable[str]) -> float:
        """The weight of several words, whatever their order."""
        return math.fsum(map(self.of, words))

    def is_rare(self, word: str) -> bool:
        """Whether hardly any product has it; in a small catalog no word is rare."""
        return self._frequency.get(word, 0) <= self._count * _RARE_SHARE
