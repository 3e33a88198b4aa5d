"""A plan: what a sync would do, as a value.

Whatever decides a write is part of the plan's digest; names are for reading and never are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from core.domain.models.connectwise import BillingOption
from core.domain.models.mappings import DefaultProduct
from core.domain.models.rules import Basis
from core.domain.month import Month
from core.errors import Message

Carried: TypeAlias = tuple[str, ...]
"""Whose usage of what a quantity is made of: `customer/product code` of each, in order."""


class ChangeKind(StrEnum):
    """What happens to one addition or product.

    CREATE_PRODUCT  a default product is created in ConnectWise and mapped
    ADOPT_PRODUCT   a default product that is there already is mapped; nothing is written. Without
                    `product_id` it is the one that the same run creates, of the same identifier
    CREATE_ADDITION a new addition
    ADOPT_ADDITION  an addition that was not bound yet is bound; its quantity is set if it differs
    SET_QUANTITY    the quantity of a bound addition
    ZERO            a bound addition without usage goes to quantity 0
    CANCEL          a bound addition without usage is cancelled
    UNDO_CREATE     an addition that a run created goes to 0 and is cancelled from its first day
    UNDO_CANCEL     the cancellation of an addition is taken back, its quantity set
    RETIRE_PRODUCT  a product that a run created is made inactive, and the mapping put back
    REVIVE_PRODUCT  such a product is made active again and mapped
    UNMAP_PRODUCT   the mapping of an adopted product is put back; nothing is written
    UNBIND          an addition that a run adopted is no longer kept; nothing is written
    NOTHING         the addition has that quantity already
    """

    CREATE_PRODUCT = "create_product"
    ADOPT_PRODUCT = "adopt_product"
    CREATE_ADDITION = "create_addition"
    ADOPT_ADDITION = "adopt_addition"
    SET_QUANTITY = "set_quantity"
    ZERO = "zero"
    CANCEL = "cancel"
    UNDO_CREATE = "undo_create"
    UNDO_CANCEL = "undo_cancel"
    RETIRE_PRODUCT = "retire_product"
    REVIVE_PRODUCT = "revive_product"
    UNMAP_PRODUCT = "unmap_product"
    UNBIND = "unbind"
    NOTHING = "nothing"


@dataclass(frozen=True, order=True)
class Target:
    """What a change is about.

    An addition: the agreement and the ConnectWise product; `product_id` is 0 and `product_code`
    names the Sophos product while its default product has yet to be created. A product:
    `agreement_id` 0 and the Sophos product code.
    """

    agreement_id: int
    product_id: int = 0
    product_code: str = ""

    @property
    def key(self) -> str:
        """The target as text, for exclusions, links and the command line."""
        product = str(self.product_id) if self.product_id else f"+{self.product_code}"
        return f"{self.agreement_id}/{product}" if self.agreement_id else product


@dataclass(frozen=True)
class Part:
    """One member's share of a quantity: a customer's usage of one Sophos product.

    `quantity` is the sum of `lines` usage lines on the rule's basis; `counts` is False for a
    member that its bundle's rule leaves out.
    """

    customer_id: str
    product_code: str
    lines: int
    quantity: Decimal
    basis: Basis = Basis.BILLABLE
    counts: bool = True


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a run does, or, as NOTHING, found done.

    `before` and `after` are quantities; `cancelled_before` and `cancelled_date` the day from which
    the addition is cancelled, before and after, where that changes. `effective_date` is that of a
    new addition, with why in `date_reason`; `known_ids` are the additions of the product that were
    on the agreement, so that one that a lost call created, or that was added since, can be told
    apart. `unit_price` is per unit and billing period, of the addition, or of the product for a new
    one. `steps` explain the quantity, in order.

    What the plan knew of the agreement's billing and decides no write: `billing` is how often it is
    invoiced and `currency` what in (None: not known); `unbilled` says that the addition costs its
    customer nothing, whatever its price (`billCustomer` DoNotBill or NoCharge).

    `carries` is whose usage the quantity is made of afterwards, `carried` whose it was before, as
    far as that was noted. `needs` are the keys of the targets that have to be done before, because
    they bill from then on what this one lets go.

    For an undo: `month_before` is the newest month that the binding carried (None: it was not
    bound), and `product_before` what a product change was mapped to. `month_after` is the month
    that the binding carries afterwards, None: it is no longer bound.
    """

    kind: ChangeKind
    target: Target
    customer_ids: tuple[str, ...] = ()
    addition_id: int | None = None
    before: Decimal | None = None
    after: Decimal | None = None
    effective_date: date | None = None
    date_reason: Message | None = None
    cancelled_before: date | None = None
    cancelled_date: date | None = None
    known_ids: tuple[int, ...] = ()
    unit_price: Decimal | None = None
    default_product: DefaultProduct | None = None
    product_id: int | None = None
    month_before: Month | None = None
    month_after: Month | None = None
    product_before: int | None = None
    parts: tuple[Part, ...] = ()
    steps: tuple[Message, ...] = ()
    carries: Carried = ()
    carried: Carried = ()
    needs: tuple[str, ...] = ()
    billing: BillingOption | None = None
    currency: str | None = None
    unbilled: bool = False

    @property
    def only_customer(self) -> str:
        """The customer that it is for; empty where it is for several."""
        return self.customer_ids[0] if len(self.customer_ids) == 1 else ""

    @property
    def difference(self) -> Decimal:
        """How much the billed quantity grows: from nothing where an addition is new, or was
        cancelled before."""
        if self.kind is ChangeKind.UNDO_CANCEL:
            return self.after or Decimal(0)
        return (self.after or Decimal(0)) - (self.before or Decimal(0))

    @property
    def price_effect(self) -> Decimal | None:
        """What the difference costs the customer per billing period; None without a price."""
        if self.unbilled:
            return Decimal(0)
        return None if self.unit_price is None else self.difference * self.unit_price


class FindingKind(StrEnum):
    """Why something is not written, or what a person should know of it."""

    AMBIGUOUS_ADDITION = "ambiguous_addition"
    BOUND_ADDITION_GONE = "bound_addition_gone"
    DUPLICATE_ADDITION = "duplicate_addition"
    UNBOUND_WITHOUT_USAGE = "unbound_without_usage"
    ORPHANED_ADDITION = "orphaned_addition"
    BILLED_ELSEWHERE = "billed_elsewhere"
    NOT_BILLED_YET = "not_billed_yet"
    ENDED_LATER = "ended_later"
    BEGINS_LATER = "begins_later"
    NO_ACTIVE_AGREEMENT = "no_active_agreement"
    UNREADABLE_AGREEMENT = "unreadable_agreement"
    UNMAPPED_CUSTOMER = "unmapped_customer"
    CUSTOMER_OFF = "customer_off"
    UNMAPPED_PRODUCT = "unmapped_product"
    PRODUCT_OFF = "product_off"
    STOPPED_PRODUCT = "stopped_product"
    BROKEN_PRODUCT = "broken_product"
    BUNDLE_CLASS = "bundle_class"
    RULES_DIFFER = "rules_differ"
    DRIVER_MISSING = "driver_missing"
    BASIS_UNSAID = "basis_unsaid"
    NEGATIVE_QUANTITY = "negative_quantity"
    UNASSIGNED_USAGE = "unassigned_usage"
    NO_USAGE_FETCHED = "no_usage_fetched"
    INCOMPLETE_USAGE = "incomplete_usage"
    EMPTY_USAGE = "empty_usage"
    STALE_USAGE = "stale_usage"
    MONTH_NOT_OVER = "month_not_over"
    CLOSED_MONTH = "closed_month"
    NEWER_MONTH = "newer_month"
    FIREWALL_FREQUENCY = "firewall_frequency"
    ZERO_LEFT = "zero_left"
    CHANGED_SINCE = "changed_since"
    INVOICED_PERIOD = "invoiced_period"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`blocks` says that rows are not written because of it. Empty members: not about that.

    `quantity` is the usage that is not billed because of it.
    """

    kind: FindingKind
    blocks: bool
    text: Message
    remedy: Message | None = None
    target: Target | None = None
    customer_id: str = ""
    product_code: str = ""
    addition_ids: tuple[int, ...] = ()
    quantity: Decimal | None = None

    @property
    def stops_the_month(self) -> bool:
        """Whether it blocks the month as a whole."""
        about_less = self.target or self.customer_id or self.product_code
        return self.blocks and not about_less


class LimitKind(StrEnum):
    """What stops a dangerous plan."""

    CHANGED_SHARE = "changed_share"
    DROPS_TO_ZERO = "drops_to_zero"
    JUMP = "jump"
    QUANTITY = "quantity"
    NEW_PRODUCTS = "new_products"


@dataclass(frozen=True)
class LimitCheck:
    """One limit held against the whole plan. `targets` are the keys of what breaks it.

    `number` is what the plan has, `limit` what is allowed: a share (0 to 1), a count, a factor
    or a quantity. `text` says it, `remedy` is the way out.
    """

    kind: LimitKind
    number: Decimal
    limit: Decimal
    exceeded: bool
    text: Message
    remedy: Message
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanOptions:
    """What a person decided for one plan.

    `excluded` maps target keys to the reason; `recreate` are targets whose bound addition was
    deleted and shall be created anew; `only` limits the plan to these targets (a retry);
    `older_month_reason` lets an older month through where a newer one was pushed.
    """

    excluded: Mapping[str, str] = field(default_factory=dict)
    recreate: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    older_month_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a sync of one month would do. Sorted, so that equal plans are equal values.

    `unchanged` are the additions that have their quantity already. With nothing in `changes`,
    there is nothing to do. `digest` is SHA-256 over everything that decides a write.
    """

    month: Month
    changes: tuple[Change, ...]
    unchanged: tuple[Change, ...]
    excluded: tuple[Change, ...]
    findings: tuple[Finding, ...]
    limits: tuple[LimitCheck, ...]
    digest: str

    @property
    def exceeded(self) -> tuple[LimitCheck, ...]:
        """The limits that need an override."""
        return tuple(check for check in self.limits if check.exceeded)

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings because of which rows are not written."""
        return tuple(finding for finding in self.findings if finding.blocks)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """The addition that stands for one ConnectWise product on one agreement.

    `month` is the newest month whose usage it carries, `carries` whose usage of what that is:
    customers and product codes. Empty where nobody noted it.
    """

    agreement_id: int
    product_id: int
    addition_id: int
    month: Month
    quantity: Decimal
    carries: Carried = ()
