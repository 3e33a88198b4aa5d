"""Used against billed, for one month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from core.domain.models.connectwise import BillingOption
from core.domain.models.plans import ChangeKind, Part
from core.domain.month import Month
from core.errors import Message

_ZERO, _CENT, _NO_MONEY = Decimal(0), Decimal("0.01"), Decimal("0.00")
_MONTHS = 12
# A product of price and quantity may have more digits than Decimal's own context takes.
_TO_THE_CENT = Context(prec=60, rounding=ROUND_HALF_UP)


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
    pushed to it since, else None. `unit_price` is per unit and billing period of the agreement;
    `billing` says how long that is, None where nobody knows. `currency` is that of the agreement
    and of its amounts; where ConnectWise does not say it, the one that all others are in, else
    None. `cost` is what the vendor charges for the usage by its unit price, in `cost_currency`,
    `net` by the net price of its order lines; each None where its lines do not say it in one
    currency. `ordered` is what they say was ordered, `beyond_order` what was used less that, of the
    products that something was ordered of, and `order` how that stands; both None where nothing was
    ordered. `key` is stable over months and renames. `says_nothing`: the usage of the month is
    missing, incomplete, old or not all there yet, so no difference and no margin follow from it.
    `bound`: sync keeps the addition.
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
    billing: BillingOption | None = None
    currency: str | None = None
    cost: Decimal | None = None
    cost_currency: str = ""
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
    def is_monthly(self) -> bool:
        """Whether the amounts are for a month: it is known how long a billing period is. Where it
        is not, they are for one period, whatever that is."""
        return self.billing is not None and self.billing.periods_per_year is not None

    @cached_property
    def money(self) -> Decimal | None:
        """The difference at the unit price, per month and to the cent; None without one of the
        two."""
        return self._worth(self.difference)

    @cached_property
    def revenue(self) -> Decimal | None:
        """What the customer is billed for the row, per month and to the cent; None without a
        price."""
        return self._worth(self.billed)

    @property
    def margin(self) -> Decimal | None:
        """Revenue less cost, per month and to the cent; None where one of them is not known, and
        where they are known to be in different currencies."""
        if self.revenue is None or self.cost is None or self.says_nothing:
            return None
        if self.currency and self.cost_currency and self.currency != self.cost_currency:
            return None
        return _to_the_cent(self.revenue - self.cost)

    def _worth(self, units: Decimal | None) -> Decimal | None:
        """Rounded here, so that every total is the sum of what is shown of its rows."""
        if units is None or self.unit_price is None:
            return None
        if not units:
            return _NO_MONEY
        amount = units * self.unit_price
        periods = self.billing.periods_per_year if self.billing is not None else None
        if periods is not None and periods != _MONTHS:
            amount = amount * periods / _MONTHS
        return _to_the_cent(amount)


def _to_the_cent(amount: Decimal) -> Decimal:
    """Half a cent goes up. Fewer units at a price of 0 are -0, which would be written with its
    sign."""
    rounded = amount.quantize(_CENT, context=_TO_THE_CENT)
    return rounded or _NO_MONEY


@dataclass(frozen=True, kw_only=True)
class CurrencyTotals:
    """Sums over the rows whose amounts are in one currency; `currency` None: it is not known.

    `rows` are those with an amount. `under_billed` and `over_billed` are of rows that need
    somebody, `by_class` of all of them.
    """

    currency: str | None = None
    rows: int = 0
    under_billed: Decimal = _ZERO
    over_billed: Decimal = _ZERO
    by_class: Mapping[RowClass, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums over rows. Those of money are of each currency apart, the one that most rows have
    first; there are none where the usage of the month says nothing, else there is one at least.

    `without_cycle` rows have an amount and no known billing cycle: it counts as it is, for one
    billing period. `match_rate` is the share (0 to 1) of the rows that match or are within
    tolerance among those that could be compared; a difference that somebody accepted is one still.
    None where nothing could be compared.
    """

    rows: int
    open_exceptions: int
    match_rate: Decimal | None
    used: Decimal
    billed: Decimal
    cost: Decimal
    by_class: Mapping[RowClass, int] = field(default_factory=dict)
    by_currency: tuple[CurrencyTotals, ...] = ()
    without_cycle: int = 0

    @property
    def under_billed(self) -> Decimal | None:
        """What is not billed, in the currency that most rows have; None where nothing is known."""
        return self.by_currency[0].under_billed if self.by_currency else None

    @property
    def over_billed(self) -> Decimal | None:
        """What is billed too much, in the same currency."""
        return self.by_currency[0].over_billed if self.by_currency else None

    def in_currency(self, currency: str | None) -> CurrencyTotals | None:
        """The sums in one currency; None where no row has it."""
        return next((each for each in self.by_currency if each.currency == currency), None)


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

    @property
    def has_several_currencies(self) -> bool:
        """Whether amounts have to say which one they are in."""
        return len(self.totals.by_currency) > 1
