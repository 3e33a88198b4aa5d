"""Taking a run back: a plan like any other, of the opposite of what the run did.

It restores recorded values, not recomputed ones. A row that is no longer as the run left it is
refused, with what is there now: somebody changed it since, and an undo must not take that back.
Undoing an undo does again what was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.domain.models import Change, Finding, FindingKind, Outcome, Plan, Run, RunChange
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import plan_of
from core.domain.undo_additions import ADDITION_RULES
from core.domain.undo_case import Case, keys_of
from core.domain.undo_products import PRODUCT_RULES, without_used_products
from core.domain.undo_transfers import LaterRun, without_wrong_billing
from core.errors import message

_RULES = {**ADDITION_RULES, **PRODUCT_RULES}


def undo_plan(
    run: Run,
    changes: Iterable[RunChange],
    inputs: PlanInputs,
    later: Iterable[LaterRun] = (),
) -> Plan:
    """What takes back everything that the run has done.

    `inputs` are of the run's month and know the affected agreements as they are now; `later` are
    the runs of that month after it. What the run did not do, or failed to do, needs no undoing.
    """
    done = [each for each in changes if each.outcome is Outcome.DONE]
    if inputs.month in inputs.closed:
        return plan_of(inputs, [], [_closed(inputs)], 0)
    since = list(later)
    changed = {key: (each.run, row) for each in since for row in each.done for key in keys_of(row)}
    found = [_RULES[each.change.kind](Case(run, each, inputs, changed)) for each in done]
    undone = [each for each in found if isinstance(each, Change)]
    findings = [each for each in found if isinstance(each, Finding)]
    safe, unsafe = without_wrong_billing(undone, run, done, since, inputs)
    kept, refused = without_used_products(safe, run, inputs)
    existing = sum(change.addition_id is not None for change in kept)
    told = [*findings, *unsafe, *refused, *_invoiced(kept, inputs)]
    return plan_of(inputs, kept, told, existing)


def _closed(inputs: PlanInputs) -> Finding:
    return Finding(
        kind=FindingKind.CLOSED_MONTH,
        blocks=True,
        text=message("{month} is closed.", month=str(inputs.month)),
        remedy=message("Reopen it with a reason if it has to change."),
    )


def _invoiced(changes: Iterable[Change], inputs: PlanInputs) -> Iterator[Finding]:
    """An invoice that is out does not change: the undo counts from the next one on."""
    for agreement_id in sorted({change.target.agreement_id for change in changes} - {0}):
        agreement = inputs.agreements.get(agreement_id)
        if agreement is None or agreement.next_invoice_date is None:
            continue
        if agreement.next_invoice_date > inputs.month.last_day:
            yield Finding(
                kind=FindingKind.INVOICED_PERIOD,
                blocks=False,
                text=message(
                    "{agreement} of {company} is invoiced up to {day}: the undo counts from the "
                    "next invoice.",
                    agreement=agreement.name,
                    company=agreement.company.name,
                    day=agreement.next_invoice_date,
                ),
                remedy=message("Correct the invoice that is out in ConnectWise if need be."),
            )
