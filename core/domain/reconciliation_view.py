"""The rows of the reconciliation as a person goes through them: named, filtered, grouped, by money.

Pure, and quick enough for a filter over tens of thousands of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from core.domain.models import OrderMatch, ReconciliationRow, RowClass, Totals
from core.domain.plan_inputs import PlanInputs
from core.domain.product_search import normalise
from core.domain.reconciliation import is_open_exception, totals_of

_ZERO = Decimal(0)
NOT_AS_ORDERED = (OrderMatch.BEYOND_ORDER, OrderMatch.NOT_USED)


class Show(StrEnum):
    """Which rows are wanted: those that need somebody, or all."""

    OPEN = "open"
    ALL = "all"


class GroupBy(StrEnum):
    """What the rows are gathered by."""

    CUSTOMER = "customer"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row with what things are called. `product` is the ConnectWise product, empty where there
    is none; `company` that of the agreement, where no customer is known to be billed on it; `group`
    and `group_name` are the customers that share an agreement with those of the row."""

    row: ReconciliationRow
    customers: tuple[str, ...]
    agreement: str
    product: str
    sophos: tuple[str, ...]
    note: str = ""
    assignee: str = ""
    company: str = ""
    group: str = ""
    group_name: str = ""

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def customer(self) -> str:
        """The customers together, or the company; empty for usage that belongs to nobody."""
        return ", ".join(self.customers) or self.company

    @property
    def what(self) -> str:
        """The ConnectWise product or, where there is none, the Sophos products."""
        return self.product or ", ".join(self.sophos)

    @property
    def product_key(self) -> str:
        """What tells products apart whose names may be equal."""
        if self.row.product_id is not None:
            return str(self.row.product_id)
        return "+" + ",".join(self.row.product_codes)

    @property
    def is_open(self) -> bool:
        """Whether the row needs somebody."""
        return is_open_exception(self.row)


@dataclass(frozen=True)
class RowFilter:
    """What narrows the rows; empty values do not.

    `customer` is a customer's id, `product` a `NamedRow.product_key`; all words of `text` have to
    be there; `assignee` is a name; `order` is how usage stands to what the vendor says was ordered.
    """

    show: Show = Show.OPEN
    classes: frozenset[RowClass] = frozenset()
    customer: str = ""
    product: str = ""
    assignee: str = ""
    order: OrderMatch | None = None
    text: str = ""


@dataclass(frozen=True)
class Group:
    """The rows of one customer or product together; `key` is what a filter takes."""

    key: str
    name: str
    totals: Totals


def named(rows: Iterable[ReconciliationRow], inputs: PlanInputs) -> tuple[NamedRow, ...]:
    """Each row with the names that `inputs` has, in the same order."""
    sharing = _Sharing(inputs)
    return tuple(_named(row, inputs, sharing) for row in rows)


class _Sharing:
    """Which customers are mapped to one agreement: what is used by any of them is billed on it."""

    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs
        self._groups: dict[tuple[str, ...], tuple[str, str]] = {}
        self._on: dict[int, list[str]] = {}
        for customer, mapping in inputs.customer_mappings.items():
            if mapping.agreement_id is not None:
                self._on.setdefault(mapping.agreement_id, []).append(customer)

    def group(self, customers: tuple[str, ...]) -> tuple[str, str]:
        """Key and name of the group of a row with these customers."""
        if customers not in self._groups:
            together = sorted({one for customer in customers for one in self._with(customer)})
            names = sorted(map(self._inputs.customer_name, together), key=normalise)
            self._groups[customers] = ",".join(together), ", ".join(names)
        return self._groups[customers]

    def _with(self, customer: str) -> Sequence[str]:
        mapping = self._inputs.customer_mappings.get(customer)
        if mapping is None or mapping.agreement_id is None:
            return (customer,)
        return self._on[mapping.agreement_id]


def _named(row: ReconciliationRow, inputs: PlanInputs, sharing: _Sharing) -> NamedRow:
    customers = tuple([inputs.customer_name(each) for each in row.customer_ids])
    agreement = "" if row.agreement_id is None else inputs.agreement_name(row.agreement_id)
    product = "" if row.product_id is None else inputs.product_name(row.product_id)
    sophos = tuple([inputs.sophos_name(code) for code in row.product_codes])
    company = "" if customers else _company(row.agreement_id, inputs)
    group, group_name = sharing.group(row.customer_ids)
    return NamedRow(
        row,
        customers,
        agreement,
        product,
        sophos,
        company=company,
        group=group,
        group_name=group_name,
    )


def _company(agreement_id: int | None, inputs: PlanInputs) -> str:
    agreement = inputs.agreements.get(agreement_id) if agreement_id is not None else None
    return agreement.company.name if agreement else ""


def at_stake(row: ReconciliationRow) -> Decimal:
    """How much money the row is about: the difference or, where no price is known and nobody is
    billed, what the vendor charges."""
    if row.money is not None:
        return abs(row.money)
    return abs(row.cost or _ZERO)


def worst_first(rows: Iterable[NamedRow]) -> list[NamedRow]:
    """What needs somebody before what does not, each by money; where no difference in money is
    known, after those where one is, and by what the vendor charges. Amounts in several currencies
    are held against each other as they are: nobody knows a rate."""

    def place(one: NamedRow) -> tuple[bool, bool, Decimal, str]:
        return (not one.is_open, one.row.money is None, -at_stake(one.row), one.key)

    return sorted(rows, key=place)


def matching(rows: Iterable[NamedRow], wanted: RowFilter) -> list[NamedRow]:
    """The rows that a filter leaves."""
    words = normalise(wanted.text).split()
    return [row for row in rows if _matches(row, wanted) and _has_words(row, words)]


def _matches(one: NamedRow, wanted: RowFilter) -> bool:
    return (
        (wanted.show is Show.ALL or one.is_open)
        and (not wanted.classes or one.row.row_class in wanted.classes)
        and (not wanted.customer or wanted.customer in one.row.customer_ids)
        and (not wanted.product or one.product_key == wanted.product)
        and (not wanted.assignee or one.assignee == wanted.assignee)
        and (wanted.order is None or one.row.order is wanted.order)
    )


def _has_words(one: NamedRow, words: Sequence[str]) -> bool:
    if not words:
        return True
    names = (*one.customers, one.company, one.agreement, one.product, *one.sophos)
    texts = (*names, one.note, one.assignee)
    said = " ".join([*map(_searched, texts), *one.row.product_codes, one.key]).lower()
    return all(word in said for word in words)


_searched = lru_cache(maxsize=50_000)(normalise)  # few names make up many rows


def groups(rows: Iterable[NamedRow], by: GroupBy) -> list[Group]:
    """The rows gathered, the group with the most money at stake first: in the currency that most
    rows have, then in the others."""
    gathered: dict[str, list[NamedRow]] = {}
    for one in rows:
        gathered.setdefault(_group_key(one, by), []).append(one)
    found = [
        Group(key, _group_name(ones[0], by), totals_of([one.row for one in ones]))
        for key, ones in gathered.items()
    ]
    order = _currencies(group.totals for group in found)
    return sorted(found, key=lambda group: (_stakes(group.totals, order), normalise(group.name)))


def _group_key(one: NamedRow, by: GroupBy) -> str:
    """Customers that share an agreement are one group, whoever of them used the product."""
    return one.group if by is GroupBy.CUSTOMER else one.product_key


def _group_name(one: NamedRow, by: GroupBy) -> str:
    return one.group_name if by is GroupBy.CUSTOMER else one.what


def _currencies(every: Iterable[Totals]) -> Sequence[str | None]:
    """The currencies of all of them, that of most rows first."""
    rows: Counter[str | None] = Counter()
    for totals in every:
        for each in totals.by_currency:
            rows[each.currency] += each.rows
    return sorted(rows, key=lambda currency: (-rows[currency], currency or ""))


def _stakes(totals: Totals, order: Sequence[str | None]) -> Sequence[Decimal]:
    """What is at stake in each of these currencies, so that most sorts first."""
    return [
        -(found.under_billed + found.over_billed) if (found := totals.in_currency(each)) else _ZERO
        for each in order
    ]


def customers_of(rows: Iterable[NamedRow]) -> Mapping[str, str]:
    """The customers of the rows, by id in the order of their names."""
    found = {
        id_: name
        for one in rows
        for id_, name in zip(one.row.customer_ids, one.customers, strict=True)
    }
    return _by_name(found)


def products_of(rows: Iterable[NamedRow]) -> Mapping[str, str]:
    """The products of the rows, by key in the order of their names."""
    found = {one.product_key: one.what for one in rows}
    return _by_name(found)


def orders_of(rows: Iterable[NamedRow]) -> Mapping[OrderMatch, int]:
    """How many rows stand to their order in each way that is not as it should be."""
    found = Counter(one.row.order for one in rows)
    return {kind: found[kind] for kind in NOT_AS_ORDERED if found[kind]}


def _by_name(found: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(found.items(), key=lambda item: (normalise(item[1]), item[0])))


def top_by_currency(
    rows: Iterable[NamedRow], count: int
) -> Sequence[tuple[str | None, Sequence[NamedRow]]]:
    """The rows with the most money between used and billed, the largest first: so many of each
    currency, that of most rows first. None: the currency is not known."""
    priced = [one for one in rows if one.is_open and one.row.money]
    priced.sort(key=lambda one: (-at_stake(one.row), one.key))
    found: dict[str | None, list[NamedRow]] = {}
    for one in priced:
        found.setdefault(one.row.currency, []).append(one)
    ordered = sorted(found, key=lambda currency: (-len(found[currency]), currency or ""))
    return [(currency, found[currency][:count]) for currency in ordered]
