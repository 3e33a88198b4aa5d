"""Used against billed over the months, as far as the store knows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.domain.billed_history import BilledHistory
from core.domain.models import Addition
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation_view import NamedRow
from core.storage.store import Store
from core.use_cases.month_report import MonthReport

_ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthPoint:
    """One month. `billed` is None before the first sync: nobody kept what was billed then."""

    month: Month
    used: Decimal
    billed: Decimal | None


def trend(
    store: Store, looked: MonthReport, rows: Sequence[NamedRow] | None, count: int
) -> list[MonthPoint]:
    """The `count` months up to the report's, oldest first; `rows` None: of all rows."""
    newest = looked.inputs.month
    months = [newest.plus(-back) for back in range(count - 1, -1, -1)]
    pairs = None if rows is None else _pairs(rows, looked.inputs)
    used = store.usage.by_month(months[0], newest, pairs)
    pushed = store.reconciliation.first_month_pushed()
    known = newest if pushed is None else min(newest, pushed.plus(-1))
    additions = list(_additions(looked.rows if rows is None else rows, looked.inputs))
    ids = None if rows is None else [addition.id for addition in additions]
    history = BilledHistory(store.reconciliation.pushes(max(known, months[0]), ids))
    return [
        MonthPoint(
            month=month,
            used=used.get(month, _ZERO),
            billed=None if month < known else _billed(additions, history, month),
        )
        for month in months
    ]


def _pairs(rows: Sequence[NamedRow], inputs: PlanInputs) -> set[tuple[str | None, str]]:
    """Whose usage the rows are about: also of months in which a product was not used."""
    codes: dict[int, list[str]] = {}
    for code, mapping in inputs.mappings.items():
        if mapping.connectwise_product_id is not None:
            codes.setdefault(mapping.connectwise_product_id, []).append(code)
    found: set[tuple[str | None, str]] = set()
    for one in rows:
        row = one.row
        found.update((part.customer_id or None, part.product_code) for part in row.used)
        if row.agreement_id is not None and row.product_id is not None:
            found.update(
                (customer, code)
                for customer in row.customer_ids
                for code in codes.get(row.product_id, ())
            )
    return found


def _additions(rows: Sequence[NamedRow], inputs: PlanInputs) -> Iterator[Addition]:
    """Every addition that there is or was of the rows' products on their agreements."""
    wanted = {(one.row.agreement_id, one.row.product_id) for one in rows}
    for agreement_id in {agreement_id for agreement_id, _ in wanted if agreement_id is not None}:
        for addition in inputs.additions.get(agreement_id, ()):
            if (agreement_id, addition.product.id) in wanted:
                yield addition


def _billed(additions: Sequence[Addition], history: BilledHistory, month: Month) -> Decimal:
    total = _ZERO
    for addition in additions:
        then = history.then(addition, month)
        if then is not None and _runs_in(then, month):
            total += max(_ZERO, then.quantity - then.less_included)
    return total


def _runs_in(addition: Addition, month: Month) -> bool:
    begins, ends = addition.effective_date, addition.cancelled_date
    return (begins is None or begins <= month.last_day) and (
        ends is None or (ends >= month.first_day and (begins is None or begins < ends))
    )
