"""What the classes of the reconciliation are called, what each of them means, and how amounts are
written in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from core.domain.models import OrderMatch, ReconciliationRow, RowClass
from core.domain.price_words import cycle_words
from core.domain.quantity import plain
from core.errors import Message, message, plural_message

_CENT = Decimal("0.01")
CLASS_NAMES: Mapping[RowClass, Message] = {
    RowClass.MATCHED: message("Matched"),
    RowClass.WITHIN_TOLERANCE: message("Within tolerance"),
    RowClass.UNDER_BILLED: message("Under-billed"),
    RowClass.OVER_BILLED: message("Over-billed"),
    RowClass.MISSING_ADDITION: message("Missing addition"),
    RowClass.ADDITION_WITHOUT_USAGE: message("Addition without usage"),
    RowClass.UNMAPPED_PRODUCT: message("Unmapped product"),
    RowClass.UNMAPPED_CUSTOMER: message("Unmapped customer"),
    RowClass.UNASSIGNED_USAGE: message("Unassigned usage"),
    RowClass.SYNC_OFF: message("Sync is off"),
    RowClass.AMBIGUOUS: message("Ambiguous"),
    RowClass.STALE_SOURCE: message("No sound usage"),
    RowClass.EXCLUDED: message("Accepted"),
}
CLASS_MEANINGS: Mapping[RowClass, Message] = {
    RowClass.MATCHED: message("What is billed is what the usage comes to."),
    RowClass.WITHIN_TOLERANCE: message("The difference is small enough to be left alone."),
    RowClass.UNDER_BILLED: message("More was used than is billed."),
    RowClass.OVER_BILLED: message("More is billed than was used."),
    RowClass.MISSING_ADDITION: message("There is usage, and no addition on the agreement."),
    RowClass.ADDITION_WITHOUT_USAGE: message("Something is billed that nobody used."),
    RowClass.UNMAPPED_PRODUCT: message(
        "The Sophos product is not mapped to a ConnectWise product, so nothing bills it."
    ),
    RowClass.UNMAPPED_CUSTOMER: message(
        "Usage of a customer that is not mapped to an active agreement, or an addition on an "
        "agreement that no customer is mapped to: the two cannot be compared."
    ),
    RowClass.UNASSIGNED_USAGE: message(
        "The device belongs to no customer in Sophos Central, so nobody can be billed."
    ),
    RowClass.SYNC_OFF: message(
        "Sync of the product or of the customer is off: it is not compared."
    ),
    RowClass.AMBIGUOUS: message(
        "Several additions could be meant, or the rules of a bundle contradict each other."
    ),
    RowClass.STALE_SOURCE: message(
        "The usage of the month is missing, incomplete, old or not all there yet, so nothing can "
        "be said."
    ),
    RowClass.EXCLUDED: message("Somebody accepted the difference, with a reason."),
}
CLASS_REMEDIES: Mapping[RowClass, Message] = {
    RowClass.UNDER_BILLED: message("Sync it, or accept the difference with a reason."),
    RowClass.OVER_BILLED: message("Sync it, or accept the difference with a reason."),
    RowClass.MISSING_ADDITION: message("Sync it: the addition is created."),
    RowClass.ADDITION_WITHOUT_USAGE: message(
        "Sync sets an addition that it keeps to 0. One that was made by hand is never touched: end "
        "it in ConnectWise, or accept it with a reason."
    ),
    RowClass.UNMAPPED_PRODUCT: message("Map the product."),
    RowClass.UNMAPPED_CUSTOMER: message("Map the customer to a company and an active agreement."),
    RowClass.UNASSIGNED_USAGE: message("Assign the device to a customer in Sophos Central."),
    RowClass.AMBIGUOUS: message(
        "Leave one open addition of the product on the agreement, or make the rules of the "
        "bundle's products the same."
    ),
}
NOTHING_UNBILLED = message("Nothing was used of it in this month, so it needs nobody.")


ORDER_NAMES: Mapping[OrderMatch, Message] = {
    OrderMatch.AS_ORDERED: message("As ordered"),
    OrderMatch.BEYOND_ORDER: message("Used beyond the order"),
    OrderMatch.NOT_USED: message("Ordered, not used"),
}
ORDER_MEANINGS: Mapping[OrderMatch, Message] = {
    OrderMatch.AS_ORDERED: message("The vendor's lines say that as much was ordered as was used."),
    OrderMatch.BEYOND_ORDER: message(
        "More was used than the vendor's lines say was ordered: the order may need to grow."
    ),
    OrderMatch.NOT_USED: message(
        "The vendor's lines say that more was ordered than anybody used: see what the vendor "
        "invoices, and whether the order can shrink."
    ),
}


def currency_name(currency: str | None, say: Callable[[Message], str]) -> str:
    """The code of a currency; of one that is not known, that. `say` puts it in words."""
    return say(message("currency not known")) if currency is None else currency


def row_cycle(row: ReconciliationRow) -> Message | None:
    """How often the agreement of a row is billed; None where there is no agreement."""
    return None if row.agreement_id is None else cycle_words(row.billing)


def without_cycle_words(count: int) -> Message:
    """How many rows have amounts that are for no known time."""
    return plural_message(
        "{count} row has no known billing cycle: its amounts count as they are, per billing "
        "period.",
        "{count} rows have no known billing cycle: their amounts count as they are, per billing "
        "period.",
        count,
    )


def amount(value: Decimal) -> Decimal:
    """The same amount with its cents, and more decimals where there are more; 0.00 has no sign."""
    if not value:
        return _CENT - _CENT
    exact = value.quantize(_CENT)
    return exact if exact == value else plain(value)
