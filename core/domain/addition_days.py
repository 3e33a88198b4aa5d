"""From when until when additions are billed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from core.domain.models import Addition


def is_open(addition: Addition, today: date) -> bool:
    """Whether an addition is still billed: not cancelled, or only from a later day on.

    One that was cancelled from its first day, as an undo does it, never is.
    """
    ends, begins = addition.cancelled_date, addition.effective_date
    if ends is None:
        return True
    return ends >= today and (begins is None or begins < ends)


def ended_on(additions: Iterable[Addition], today: date) -> date | None:
    """The last day that an addition of the product was billed which is not open any more."""
    days = [
        each.cancelled_date
        for each in additions
        if each.cancelled_date is not None
        and not is_open(each, today)
        and (each.effective_date is None or each.effective_date < each.cancelled_date)
    ]
    return max(days, default=None)
