"""Taking a month of usage from a file: which of its lines, and what they replace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from core.domain.models import Usage, UsageLine
from core.domain.month import Month
from core.domain.usage import UsageChange, compare
from core.domain.usage_csv import month_of, months_of
from core.errors import InputError, Message, message, plural_message

LeftOut: TypeAlias = tuple[tuple[Month, int], ...]  # other months, oldest first, and their lines


@dataclass(frozen=True)
class MonthLines:
    """The lines of a file that are of one month, and how many of which others are not taken."""

    month: Month
    lines: tuple[UsageLine, ...]
    left_out: LeftOut = ()


@dataclass(frozen=True)
class Replacement:
    """What another reading of a month changes against the last complete one.

    `missing` are customers that had a billable quantity and have no line any more; `new` are
    customers with a billable quantity that had no line; `products_gone` had a billable quantity and
    have no line at all.
    """

    missing: tuple[str, ...]
    new: tuple[str, ...]
    products_gone: tuple[str, ...]


def lines_of_month(lines: Sequence[UsageLine], given: Month | None) -> MonthLines:
    """The lines of the given month, or of the only one that a file is of.

    Lines that do not say their month are of the only one that there can be. Raises InputError where
    that is not clear, for a file of several months without `given`, and for one of others only.
    """
    found = months_of(lines)
    if given is not None and found and given not in found:
        raise _other_months(found, given)
    if given is None and len(found) != 1:
        raise InputError(
            message("The file does not say which single month it is of."),
            remedy=message("Give the month as well, for example --month 2026-10."),
        )
    _refuse_unclear(lines, found)
    month = given or found[0]
    _refuse_impossible(lines, month)
    others = Counter(other for line in lines if (other := month_of(line)) not in (None, month))
    return MonthLines(
        month,
        tuple(line for line in lines if month_of(line) in (None, month)),
        tuple(sorted((other, count) for other, count in others.items() if other is not None)),
    )


def replacement(before: Iterable[Usage], after: Iterable[Usage]) -> Replacement:
    """Compare the usage of two readings of the same month."""
    old, new = tuple(before), tuple(after)
    changes = compare(old, new)
    gone = [change for change in changes if change.after is None and _counted(change.before)]
    come = [change for change in changes if change.before is None and _counted(change.after)]
    return Replacement(
        missing=_customers(gone, new),
        new=_customers(come, old),
        products_gone=tuple(
            sorted({change.product_code for change in gone} - {usage.product_code for usage in new})
        ),
    )


def customers_of(lines: Iterable[UsageLine]) -> frozenset[str]:
    """The customers that the lines are of."""
    return frozenset(line.account_id for line in lines if line.account_id is not None)


def taken_words(month: Month, lines: int, customers: int, left_out: LeftOut) -> Message:
    """What came in, and what was left out."""
    told = message(
        "{month}: {lines} of {customers} taken in.",
        month=str(month),
        lines=plural_message("{count} usage line", "{count} usage lines", lines),
        customers=plural_message("{count} customer", "{count} customers", customers),
    )
    return reduce(_together, left_out_words(left_out), told)


def left_out_words(left_out: LeftOut) -> tuple[Message, ...]:
    """A sentence for each other month of the file."""
    return tuple(
        plural_message(
            "{count} line of {month} left out.",
            "{count} lines of {month} left out.",
            count,
            month=str(month),
        )
        for month, count in left_out
    )


def _together(first: Message, second: Message) -> Message:
    return message("{first} {second}", first=first, second=second)


def _customers(changes: Iterable[UsageChange], others: Iterable[Usage]) -> tuple[str, ...]:
    """Who is in the changes and has no line in the other reading."""
    there = {usage.account_id for usage in others}
    found = {change.account_id for change in changes} - there
    return tuple(sorted(account_id for account_id in found if account_id is not None))


def _counted(usage: Usage | None) -> bool:
    return usage is not None and usage.billable > 0


def _other_months(found: Sequence[Month], given: Month) -> InputError:
    return InputError(
        message(
            "The file is of {months}, not of {month}.",
            months=", ".join(map(str, found)),
            month=str(given),
        ),
        remedy=message("Choose the file of that month, or leave the month out."),
    )


def _refuse_impossible(lines: Iterable[UsageLine], month: Month) -> None:
    """A date of which nobody can say which number is the month must have it in one of them."""
    for line in lines:
        written = _DAY_OR_MONTH.fullmatch(line.billing_start_date.strip())
        if (
            written is not None
            and (possible := _possible_months(written))
            and month not in possible
        ):
            raise _other_months(possible, month)


_DAY_OR_MONTH = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


def _possible_months(written: re.Match[str]) -> list[Month]:
    first, second, year = map(int, written.groups())
    return sorted({Month(year, number) for number in (first, second) if 1 <= number <= 12})


def _refuse_unclear(lines: Iterable[UsageLine], found: Sequence[Month]) -> None:
    """Two dates that cannot be read may be of two months, which would be added up as one."""
    silent = [line for line in lines if month_of(line) is None]
    written = {line.billing_start_date.strip() for line in silent} - {""}
    one_month = len(found) + len(written) <= 1
    if one_month or not silent:
        return
    raise InputError(
        plural_message(
            "{count} line does not say clearly which month it is of.",
            "{count} lines do not say clearly which month they are of.",
            len(silent),
        ),
        remedy=message("Write every start date like 2026-10-01, and choose the file again."),
    )
