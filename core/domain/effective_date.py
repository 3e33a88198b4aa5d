"""From which day a new addition is billed.

The first day of the usage month, not before the agreement's billing starts, and not in a period
that is invoiced already unless the agreement prorates. ConnectWise refuses the other days
("effectiveDate cannot be less than the agreement billing start date", "Since this period has
already been invoiced ..."), as quoted by Sync 365's support pages.
"""

from __future__ import annotations

from datetime import date

from core.domain.models import Agreement
from core.domain.month import Month
from core.errors import Message, message


def effective_date(month: Month, agreement: Agreement) -> tuple[date, Message]:
    """The day, and why it is that one."""
    day, why = month.first_day, message("The first day of the usage month.")
    if agreement.bill_start_date is not None and agreement.bill_start_date > day:
        day = agreement.bill_start_date
        why = message("The day on which billing of the agreement starts.")
    invoiced_until = agreement.next_invoice_date
    if invoiced_until is not None and invoiced_until > day and not agreement.prorate:
        day = invoiced_until
        why = message(
            "The next invoice date: the time before is invoiced already, and the agreement does "
            "not prorate."
        )
    return day, why
