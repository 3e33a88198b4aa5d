"""The rows of a plan as a person reads them: what is to be done, what is not, and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core.domain.models import Change, ChangeKind, ChangeNames, Plan
from core.domain.price_effect import PriceEffect, price_effect

NameOf = Callable[[Change], ChangeNames]
GroupKey = tuple[str, ...]


class RowStatus(StrEnum):
    """Where a row stands before the plan is approved."""

    TODO = "todo"
    EXCLUDED = "excluded"
    UNCHANGED = "unchanged"


class Show(StrEnum):
    """Which rows are wanted: those with something to do, or every one that was looked at."""

    TODO = "todo"
    ALL = "all"


class GroupBy(StrEnum):
    """What the rows are gathered by."""

    CUSTOMER = "customer"
    PRODUCT = "product"


@dataclass(frozen=True)
class PlanRow:
    """One change with its names. `note` is the reason why a person left it out."""

    change: Change
    names: ChangeNames
    status: RowStatus
    note: str = ""

    @property
    def key(self) -> str:
        """What exclusions and links call it."""
        return self.change.target.key

    @property
    def customer(self) -> str:
        """The customers together; empty for a product."""
        return ", ".join(self.names.customers)

    @property
    def product_key(self) -> str:
        """What tells products apart whose names may be equal."""
        target = self.change.target
        return str(target.product_id) if target.product_id else f"+{target.product_code}"

    @property
    def price_effect(self) -> Decimal | None:
        """Per billing period of the agreement; nothing for what is left out or stays as it is."""
        return self.change.price_effect if self.status is RowStatus.TODO else None


@dataclass(frozen=True)
class PlanFilter:
    """What narrows the rows; empty values do not. `text` is looked for in every name.

    `customer` is a customer's id, `product` a `PlanRow.product_key`, `targets` are target keys.
    """

    show: Show = Show.TODO
    customer: str = ""
    product: str = ""
    kind: str = ""
    text: str = ""
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """The rows of one product together, or of the customers that share their additions.

    `customers` are the names of those who are billed together; none for a product.
    """

    key: GroupKey
    name: str
    rows: int
    todo: int
    excluded: int
    price_effect: PriceEffect
    customers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Totals:
    """The whole plan in a few figures."""

    todo: int
    excluded: int
    unchanged: int
    blocked: int
    notices: int
    new_products: int
    price_effect: PriceEffect


def plan_rows(plan: Plan, excluded: Mapping[str, str], names: NameOf) -> tuple[PlanRow, ...]:
    """Every row in the order of customers and products; `excluded` has the reasons by target."""
    rows = [
        *(PlanRow(change, names(change), RowStatus.TODO) for change in plan.changes),
        *(
            PlanRow(
                change,
                names(change),
                RowStatus.EXCLUDED,
                excluded.get(change.target.key, ""),
            )
            for change in plan.excluded
        ),
        *(PlanRow(change, names(change), RowStatus.UNCHANGED) for change in plan.unchanged),
    ]
    return tuple(sorted(rows, key=_order))


def _order(row: PlanRow) -> tuple[object, ...]:
    """Products come first: they are created before the additions that need them."""
    is_addition = bool(row.change.target.agreement_id)
    named = (row.customer.casefold(), row.names.agreement.casefold(), row.names.product.casefold())
    return (is_addition, *named, row.change.target)


def by_group(rows: Iterable[PlanRow], by: GroupBy) -> list[PlanRow]:
    """The rows in the order of what they are gathered by."""
    if by is GroupBy.CUSTOMER:
        return list(rows)
    return sorted(rows, key=lambda row: (row.names.product.casefold(), row.product_key))


def group_key(row: PlanRow, by: GroupBy) -> GroupKey:
    """What the row is gathered under: names do not tell customers or products apart."""
    return row.change.customer_ids if by is GroupBy.CUSTOMER else (row.product_key,)


def matching(rows: Iterable[PlanRow], wanted: PlanFilter) -> list[PlanRow]:
    """The rows that a filter leaves; the words of its text all have to be there."""
    words = wanted.text.casefold().split()
    return [row for row in rows if _matches(row, wanted) and _has_words(row, words)]


def _matches(row: PlanRow, wanted: PlanFilter) -> bool:
    return (
        (wanted.show is Show.ALL or row.status is not RowStatus.UNCHANGED)
        and (not wanted.customer or wanted.customer in row.change.customer_ids)
        and (not wanted.product or row.product_key == wanted.product)
        and (not wanted.kind or row.change.kind.value == wanted.kind)
        and (not wanted.targets or row.key in wanted.targets)
    )


def _has_words(row: PlanRow, words: Sequence[str]) -> bool:
    if not words:
        return True
    said = " ".join((row.customer, row.names.agreement, row.names.product, row.key)).casefold()
    return all(word in said for word in words)


def groups(rows: Iterable[PlanRow], by: GroupBy) -> list[Group]:
    """The rows gathered; in the order in which the rows come."""
    gathered: dict[GroupKey, list[PlanRow]] = {}
    for row in rows:
        gathered.setdefault(group_key(row, by), []).append(row)
    return [_group(key, found, by) for key, found in gathered.items()]


def _group(key: GroupKey, rows: Sequence[PlanRow], by: GroupBy) -> Group:
    todo = [row for row in rows if row.status is RowStatus.TODO]
    of_customers = by is GroupBy.CUSTOMER
    return Group(
        key=key,
        name=rows[0].customer if of_customers else rows[0].names.product,
        rows=len(rows),
        todo=len(todo),
        excluded=sum(row.status is RowStatus.EXCLUDED for row in rows),
        price_effect=price_effect(row.change for row in todo),
        customers=rows[0].names.customers if of_customers else (),
    )


def totals(plan: Plan) -> Totals:
    """The figures above the plan."""
    blocked = len(plan.blocked)
    return Totals(
        todo=len(plan.changes),
        excluded=len(plan.excluded),
        unchanged=len(plan.unchanged),
        blocked=blocked,
        notices=len(plan.findings) - blocked,
        new_products=sum(change.kind is ChangeKind.CREATE_PRODUCT for change in plan.changes),
        price_effect=price_effect(plan.changes),
    )


def kind_counts(changes: Iterable[Change]) -> dict[str, int]:
    """How many changes there are of each kind, in the order of the kinds."""
    found = Counter(change.kind for change in changes)
    return {kind.value: found[kind] for kind in ChangeKind if found[kind]}
