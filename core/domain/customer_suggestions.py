"""Suggestions of ConnectWise companies for customers, by name. A person applies them, never we.

The same name is surest; then the same words but for spelling and legal form; then enough words in
common, weighted by how rare they are among the companies. Where several companies are about as
likely there is no suggestion: the wrong one would be billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.domain.company_words import (
    NOISE,
    abbreviations,
    are_near,
    stem,
    telling,
    words_of,
)
from core.domain.customers import Contracts
from core.domain.models import Agreement, Company, CustomerSuggestion, Tenant
from core.domain.name_words import Weights
from core.domain.product_search import normalise
from core.errors import Message, message, plural_message

SAME_NAME_SCORE = 100
SAME_WORDS_SCORE = 97
GREATEST_LIKENESS_SCORE = 94
LEAST_SCORE = 55
# Two companies whose scores are closer than this are equally likely.
MARGIN = 5

# What each name has and the other has not.
_LACKING = 0.5
_ADDED = 0.35
# A bent or shortened word counts for a little less than the same one.
_NEAR = 0.9
# A word that more companies have is looked up only where no rarer one is found.
_COMMON = 40


@dataclass(frozen=True, slots=True)
class _Named:
    """A company's name, or a customer's, made ready for comparison."""

    plain: str
    words: tuple[str, ...]
    telling: frozenset[str]
    shortened: frozenset[str]

    @classmethod
    def of(cls, name: str) -> _Named:
        words = words_of(name)
        return cls(normalise(name), words, telling(words), abbreviations(name))


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: int
    company: Company
    reason: Message


def suggest_companies(
    customers: Iterable[Tenant], contracts: Contracts
) -> dict[str, CustomerSuggestion]:
    """The suggestion for each customer by id; customers without a clear one are absent."""
    index = _Index(contracts.companies.values())
    found = ((customer.id, index.best(customer.name)) for customer in customers)
    return {
        customer_id: _suggestion(best, contracts) for customer_id, best in found if best is not None
    }


class _Index:
    """The companies that may be chosen, by name and by the stems of their words."""

    def __init__(self, companies: Iterable[Company]) -> None:
        usable = [company for company in companies if not company.deleted]
        self._companies = [(company, _Named.of(company.name)) for company in usable]
        self._weights = Weights(
            ((company.name,) for company in usable), noise=NOISE, split=words_of
        )
        self._by_name: dict[str, list[int]] = defaultdict(list)
        self._by_words: dict[frozenset[str], list[int]] = defaultdict(list)
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        for number, (_, name) in enumerate(self._companies):
            self._by_name[name.plain].append(number)
            self._by_words[name.telling].append(number)
            for key in {stem(word) for word in name.telling}:
                self._by_stem[key].append(number)

    def best(self, name: str) -> _Candidate | None:
        named = _Named.of(name)
        if not named.telling:
            return None
        for numbers, score, reason in (
            (self._by_name.get(named.plain), SAME_NAME_SCORE, message("Same name.")),
            (
                self._by_words.get(named.telling),
                SAME_WORDS_SCORE,
                message("Same name but for its spelling or legal form."),
            ),
        ):
            if numbers:
                only = len(numbers) == 1
                return _Candidate(score, self._companies[numbers[0]][0], reason) if only else None
        return self._closest(named)

    def _closest(self, named: _Named) -> _Candidate | None:
        scored = [
            (self._score(named, self._companies[number][1]), number)
            for number in self._candidates(named)
        ]
        scored.sort(key=lambda pair: (-pair[0], self._companies[pair[1]][0].id))
        if not scored or scored[0][0] < LEAST_SCORE:
            return None
        if len(scored) > 1 and scored[0][0] - scored[1][0] < MARGIN:
            return None
        score, number = scored[0]
        company, other = self._companies[number]
        return _Candidate(score, company, _words_reason(named, other))

    def _candidates(self, named: _Named) -> Iterator[int]:
        """Companies that share a word or its stem, those with a rare one first."""
        stems = sorted({stem(word) for word in named.telling})
        postings = sorted((self._by_stem[key] for key in stems if key in self._by_stem), key=len)
        seen: set[int] = set()
        for numbers in postings:
            if seen and len(numbers) > _COMMON:
                return
            for number in numbers:
                if number not in seen:
                    seen.add(number)
                    yield number

    def _score(self, named: _Named, other: _Named) -> int:
        pairs = dict(_pairs(named, other))
        exact = [word for word, found in pairs.items() if word == found]
        near = [found for word, found in pairs.items() if word != found]
        shared = self._weights.total(exact) + _NEAR * self._weights.total(near)
        if shared <= 0:
            return 0
        lacking = self._weights.total(named.telling - pairs.keys())
        added = self._weights.total(other.telling - set(pairs.values()))
        likeness = shared / (
            shared + (1 - _NEAR) * self._weights.total(near) + _LACKING * lacking + _ADDED * added
        )
        # Sums in another order differ in their last digits; that must not decide.
        return round(GREATEST_LIKENESS_SCORE * likeness + 1e-9)


def _pairs(named: _Named, other: _Named) -> Iterator[tuple[str, str]]:
    """Which word of the one stands for which of the other, each once."""
    common = named.telling & other.telling
    yield from ((word, word) for word in common)
    rest = sorted(other.telling - common)
    for word in sorted(named.telling - common):
        found = next((one for one in rest if _stands_for(word, one, named, other)), None)
        if found is not None:
            rest.remove(found)
            yield word, found


def _stands_for(word: str, found: str, named: _Named, other: _Named) -> bool:
    if found in other.shortened and word.startswith(found):
        return True
    if word in named.shortened and found.startswith(word):
        return True
    return are_near(word, found)


def _words_reason(named: _Named, other: _Named) -> Message:
    pairs = dict(_pairs(named, other))
    words = [word for word in named.words if word in pairs]
    return message("Same words in the name: {words}.", words=", ".join(words))


def _suggestion(best: _Candidate, contracts: Contracts) -> CustomerSuggestion:
    active = contracts.active_of(best.company.id)
    only = active[0].id if len(active) == 1 else None
    reason = message("{why} {agreements}", why=best.reason, agreements=_agreements(active))
    return CustomerSuggestion(best.company.id, only, best.score, reason)


def _agreements(active: Sequence[Agreement]) -> Message:
    if not active:
        return message("It has no active agreement.")
    if len(active) == 1:
        return message("Its only active agreement is {agreement}.", agreement=active[0].name)
    return plural_message(
        "It has {count} active agreement.",
        "It has {count} active agreements; choose one.",
        len(active),
    )
