"""From raw billing lines to usage: the sum per customer and Sophos product of one month.

The vendor sends order lines, so one customer may have several lines of one product. Lines without
a customer (unassigned firewalls) are summed apart, with `account_id` None.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from core.domain.models import ProductUsage, Usage, UsageLine
from core.domain.month import Month

_ZERO = Decimal(0)
# What the store keeps of an amount.
_PLACES, _LONG = Decimal("1E-12"), Context(prec=60)
_Key = tuple[str | None, str]


@dataclass(frozen=True)
class UsageChange:
    """Usage of one customer and product that differs between two readings.

    None stands for usage that is not in that reading at all.
    """

    account_id: str | None
    product_code: str
    before: Usage | None
    after: Usage | None


def aggregate(month: Month, lines: Iterable[UsageLine]) -> tuple[Usage, ...]:
    """Sum the lines of one month per customer and product, ordered by both.

    A missing actual or ordered quantity counts as zero.
    """
    groups: dict[_Key, list[UsageLine]] = {}
    for line in lines:
        groups.setdefault((line.account_id, line.product_code), []).append(line)
    usages = (_usage(month, key, group) for key, group in groups.items())
    return tuple(sorted(usages, key=_order))


def cost_of(lines: Iterable[UsageLine]) -> tuple[Decimal, str | None] | None:
    """What the vendor charges for these lines, and in which currency.

    None where the lines do not all say it in one currency. A line without a billable quantity
    costs nothing, whatever it says; without any other there is no currency.
    """
    counted = [line for line in lines if line.billable_quantity]
    currencies = {line.unit_price_currency for line in counted}
    prices = [line.unit_price for line in counted if line.unit_price is not None]
    if len(prices) < len(counted) or len(currencies) > 1 or "" in currencies:
        return None
    amounts = (line.billable_quantity * price for line, price in zip(counted, prices, strict=True))
    total = sum(amounts, _ZERO)
    exponent = total.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -12:
        total = total.quantize(_PLACES, rounding=ROUND_HALF_UP, context=_LONG)
    return total, next(iter(currencies), None)


def by_product(usages: Iterable[Usage]) -> dict[str, ProductUsage]:
    """Usage of each product over all customers; all usages have to be of one month.

    `customers` counts those with a billable quantity; unassigned usage is no customer.
    """
    groups: dict[str, list[Usage]] = {}
    for usage in usages:
        groups.setdefault(usage.product_code, []).append(usage)
    return {code: _product_usage(code, group) for code, group in groups.items()}


def content_hash(lines: Iterable[UsageLine]) -> str:
    """SHA-256 over the lines as a multiset: equal for equal content in any order."""
    digest = hashlib.sha256()
    for text in sorted(map(_canonical, lines)):
        digest.update(text.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()


def compare(before: Iterable[Usage], after: Iterable[Usage]) -> tuple[UsageChange, ...]:
    """What a later reading of the same month says differently; empty when nothing."""
    old = {(usage.account_id, usage.product_code): usage for usage in before}
    new = {(usage.account_id, usage.product_code): usage for usage in after}
    keys = sorted(old.keys() | new.keys(), key=_key_order)
    changes = (UsageChange(*key, old.get(key), new.get(key)) for key in keys)
    return tuple(
        change for change in changes if _quantities(change.before) != _quantities(change.after)
    )


def _usage(month: Month, key: _Key, group: Sequence[UsageLine]) -> Usage:
    account_id, code = key
    cost, currency = cost_of(group) or (None, None)
    return Usage(
        month=month,
        account_id=account_id,
        product_code=code,
        billable=sum((line.billable_quantity for line in group), _ZERO),
        actual=sum((line.actual_quantity or _ZERO for line in group), _ZERO),
        ordered=sum((line.ordered_quantity or _ZERO for line in group), _ZERO),
        lines=len(group),
        cost=cost,
        currency=currency,
    )


def _product_usage(code: str, group: Sequence[Usage]) -> ProductUsage:
    months = {usage.month for usage in group}
    if len(months) != 1:
        raise ValueError(f"usage of {code} is of several months: {sorted(map(str, months))}")
    return ProductUsage(
        month=group[0].month,
        product_code=code,
        billable=sum((usage.billable for usage in group), _ZERO),
        customers=len({u.account_id for u in group if u.account_id is not None and u.billable > 0}),
    )


def _quantities(usage: Usage | None) -> tuple[Decimal, Decimal, Decimal] | None:
    return None if usage is None else (usage.billable, usage.actual, usage.ordered)


def _order(usage: Usage) -> tuple[bool, str, str]:
    return _key_order((usage.account_id, usage.product_code))


def _key_order(key: _Key) -> tuple[bool, str, str]:
    account_id, code = key
    return (account_id is None, account_id or "", code)


def _canonical(line: UsageLine) -> str:
    return json.dumps(
        {f.name: _plain(getattr(line, f.name)) for f in dataclasses.fields(line)},
        sort_keys=True,
        ensure_ascii=True,
    )


def _plain(value: str | Decimal | None) -> str | None:
    """Equal numbers are written alike: 20, 20.0 and 2E+1 are one quantity."""
    if not isinstance(value, Decimal):
        return value
    return format(value.normalize() if value else _ZERO, "f")
