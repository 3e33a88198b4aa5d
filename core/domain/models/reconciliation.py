"""Used against billed, for one month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from core.domain.models.plans import ChangeKind, Part
from core.domain.month import Month
from core.errors import Message

_ZERO = Decimal(0)


class RowClass(StrEnum):
    """What a row of the reconciliation is.

    AMBIGUOUS: several additions, or rules that contradict each other. STALE_SOURCE: the usage of
    the month is missing, incomplete, old or not all there yet, so nothing can be said. EXCLUDED: a
    difference that somebody accepted, with a reason.
    """

    MATCHED = "matched"
    WITHIN_TOLERANCE = "within_tolerance"
    UNDER_BILLED = "under_billed"
    OVER_BILLED = "over_billed"
    MISSING_ADDITION = "missing_addition"
    ADDITION_WITHOUT_USAGE = "addition_without_usage"
    UNMAPPED_PRODUCT = "unmapped_product"
    UNMAPPED_CUSTOMER = "unmapped_customer"
    UNASSIGNED_USAGE = "unassigned_usage"
    SYNC_OFF = "sync_off"
    AMBIGUOUS = "ambiguous"
    STALE_SOURCE = "stale_source"
    EXCLUDED = "excluded"


class OrderMatch(StrEnum):
    """How the usage of a row stands to what the vendor's lines say was ordered of it.

    BEYOND_ORDER: more was used than ordered. NOT_USED: the vendor counts more as ordered than
    anybody used.
    """

    AS_ORDERED = "as_ordered"
    BEYOND_ORDER = "beyond_order"
    NOT_USED = "not_used"


class OrderPart(NamedTuple):
    """The lines of one customer and Sophos product in one order line of the vendor.

    An order line may be shared by several customers; `line` is empty where the vendor names none.
    `net` is the net price of the whole order line, None where the lines do not all say the same;
    without a `line`, it is the sum of what the lines say.
    """

    account_id: str | None
    product_code: str
    order: str
    line: str
    billable: Decimal
    ordered: Decimal
    net: Decimal | None
    currency: str = ""


@dataclass(frozen=True)
class Tolerance:
    """A difference up to `units`, or up to `percent` (0 to 100) of what is expected, whichever is
    more, is within tolerance."""

    units: Decimal = _ZERO
    percent: Decimal = _ZERO


@dataclass(frozen=True)
class Tolerances:
    """The tolerance in general, and those of single ConnectWise products by id."""

    general: Tolerance = field(default_factory=Tolerance)
    by_product: Mapping[int, Tolerance] = field(default_factory=dict)

    def of(self, product_id: int | None) -> Tolerance:
        """The tolerance in force for a product."""
        return self.general if product_id is None else self.by_product.get(product_id, self.general)


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Somebody accepts a difference from one month to another, both included. `key` is that of
    the row; `since` None: for all months up to the last, `until` None: for good."""

    key: str
    reason: str
    until: Month | None
    by: str
    since: Month | None = None


@dataclass(frozen=True, kw_only=True)
class AcceptanceEntry:
    """A difference was accepted, or (`accepted` False) that was withdrawn, from one month to
    another. The newest of a row that is about a month counts for it."""

    key: str
    accepted: bool
    at: datetime
    by: str
    reason: str = ""
    until: Month | None = None
    since: Month | None = None


class NoteKind(StrEnum):
    """What is written at a row: a note, or who looks after it."""

    NOTE = "note"
    ASSIGNEE = "assignee"


@dataclass(frozen=True, kw_only=True)
class RowNote:
    """Something written at a row. The newest of its kind counts, an empty one takes it away."""

    key: str
    kind: NoteKind
    text: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Push:
    """What one run did to one addition, as its journal says."""

    run: int
    month: Month
    kind: ChangeKind
    addition_id: int
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, kw_only=True)
class ReconciliationRow:
    """One customer (or several that share an agreement) and one ConnectWise product or, where
    there is none, one Sophos product; per addition where there are several.

    `used` is the billable usage by customer and Sophos product; `expected` the quantity after the
    rules, None where none follows; `billed` the addition's quantity less its included units, None
    without an addition. `quantity_now` is what the addition has today where a newer month was
    pushed to it since, else None. `unit_price` is per unit and billing period. `cost` is what the
    vendor charges for the usage by its unit price, `net` by the net price of its order lines; each
    None where its lines do not say it in one currency. `ordered` is what they say was ordered,
    `beyond_order` what was used less that, of the products that something was ordered of, and
    `order` how that stands; both None where nothing was ordered. `key` is stable over months and
    renames. `says_nothing`: the usage of the month is missing, incomplete,
    old or not all there yet, so no difference and no margin follow from it. `bound`: sync keeps the
    addition.
    """

    key: str
    row_class: RowClass
    customer_ids: tuple[str, ...] = ()
    agreement_id: int | None = None
    product_id: int | None = None
    product_codes: tuple[str, ...] = ()
    addition_id: int | None = None
    bound: bool = False
    used: tuple[Part, ...] = ()
    expected: Decimal | None = None
    quantity: Decimal | None = None
    quantity_now: Decimal | None = None
    included: Decimal = _ZERO
    unit_price: Decimal | None = None
    cost: Decimal | None = None
    net: Decimal | None = None
    ordered: Decimal | None = None
    beyond_order: Decimal | None = None
    order: OrderMatch | None = None
    steps: Sequence[Message] = ()
    acceptance: Acceptance | None = None
    accepted_class: RowClass | None = None
    says_nothing: bool = False

    @property
    def used_units(self) -> Decimal:
        """All billable units of the row."""
        return sum((part.quantity for part in self.used), _ZERO)

    @property
    def billed(self) -> Decimal | None:
        """What the customer pays for: the quantity less the included units, never below zero."""
        return None if self.quantity is None else max(_ZERO, self.quantity - self.included)

    @property
    def difference(self) -> Decimal | None:
        """What should be billed less what is: positive is not billed, negative is too much.

        The included units of the addition are free in both. None where no quantity follows.
        """
        if self.expected is None or self.says_nothing:
            return None
        return max(_ZERO, self.expected - self.included) - (self.billed or _ZERO)

    @property
    def money(self) -> Decimal | None:
        """The difference at the unit price; None without one of the two."""
        if self.difference is None or self.unit_price is None:
            return None
        return _unsigned_zero(self.difference * self.unit_price)

    @property
    def revenue(self) -> Decimal | None:
        """What the customer is billed for the row; None without a price."""
        if self.billed is None or self.unit_price is None:
            return None
        return _unsigned_zero(self.billed * self.unit_price)

    @property
    def margin(self) -> Decimal | None:
        """Revenue less cost; None where one of them is not known."""
        if self.revenue is None or self.cost is None or self.says_nothing:
            return None
        return self.revenue - self.cost


def _unsigned_zero(amount: Decimal) -> Decimal:
    """Fewer units at a price of 0 are -0, which would be written with its sign."""
    return amount or abs(amount)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums over rows. `under_billed` and `over_billed` are None, and `money_by_class` is empty,
    where the usage of the month says nothing.
    `match_rate` is the share (0 to 1) of the rows that could be compared and need nobody; None
    without such rows."""

    rows: int
    under_billed: Decimal | None
    over_billed: Decimal | None
    open_exceptions: int
    match_rate: Decimal | None
    used: Decimal
    billed: Decimal
    cost: Decimal
    by_class: Mapping[RowClass, int] = field(default_factory=dict)
    money_by_class: Mapping[RowClass, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """The report of one month: every used unit, and every open addition of a mapped product on a
    mapped agreement, is in exactly one row.

    `source_problem` says why nothing can be said of the month; `in_progress` where that is
    because it is not over. `currency` is that of the costs.
    """

    month: Month
    rows: tuple[ReconciliationRow, ...]
    totals: Totals
    source_problem: Message | None = None
    source_remedy: Message | None = None
    in_progress: bool = False
    currency: str = ""
