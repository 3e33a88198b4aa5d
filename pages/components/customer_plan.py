"""What a save of customers would do, in words: one line per changed cell, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from core.domain.customer_saving import CustomerSavePlan, plan_customer_save
from core.domain.customers import Contracts, CustomerValues, condition_of
from core.domain.models import CustomerRow, CustomerState
from core.domain.row_edits import RowEdit
from pages.components.customer_rows import Staged, agreement_name, company_name, customer_name
from pages.components.grid_save import ChangeLine, change_lines
from pages.components.language import _, text


@dataclass(frozen=True)
class Review:
    """Everything that the person has to know before saving."""

    plan: CustomerSavePlan
    lines: tuple[ChangeLine, ...]
    consequences: tuple[str, ...]
    problems: tuple[str, ...]


def plan_of(
    staged: Staged, rows: Sequence[CustomerRow], contracts: Contracts | None
) -> CustomerSavePlan:
    """Compare the staged edits with what is stored now."""
    current = {row.mapping.customer_id: row.mapping for row in rows if row.mapping.version > 0}
    return plan_customer_save(staged.edits(), current, contracts)


def review(staged: Staged, rows: Sequence[CustomerRow], contracts: Contracts | None) -> Review:
    """The plan with its words. Refused rows are left out of lines and consequences."""
    plan = plan_of(staged, rows, contracts)
    refused = {conflict.key for conflict in plan.conflicts}
    by_id = {row.mapping.customer_id: row for row in rows}
    edits = [edit for edit in staged.edits() if edit.key not in refused]
    cells = partial(cells_in_words, contracts=contracts)
    lines = [
        line
        for edit in edits
        for line in change_lines(customer_title(edit.key, by_id), edit, cells)
    ]
    told = [_consequence(edit, by_id, contracts) for edit in edits]
    problems = [
        _("{customer}: {problem}", customer=customer_title(one.key or "", by_id), problem=one.text)
        for one in plan.problems
    ]
    return Review(plan, tuple(lines), tuple(words for words in told if words), tuple(problems))


def customer_title(customer_id: str, by_id: Mapping[str, CustomerRow]) -> str:
    """The name of a customer, its ID where there is none."""
    row = by_id.get(customer_id)
    return customer_name(row) if row else customer_id


def cells_in_words(values: CustomerValues, contracts: Contracts | None) -> dict[str, str]:
    """The values of a customer mapping for the reader, by the name of the field."""
    return {
        _("ConnectWise company"): company_name(values.company_id, contracts) or _("none"),
        _("Agreement"): agreement_name(values.agreement_id, contracts) or _("none"),
        _("Sync switch"): _("On") if values.sync else _("Off"),
    }


def _consequence(
    edit: RowEdit[CustomerValues], by_id: Mapping[str, CustomerRow], contracts: Contracts | None
) -> str:
    row = by_id.get(edit.key)
    after = condition_of(edit.wanted, contracts, row.customer if row else None)
    title = customer_title(edit.key, by_id)
    if edit.wanted.sync and after.state is not CustomerState.ACTIVE and after.reason is not None:
        return _("{customer} will not sync: {reason}", customer=title, reason=text(after.reason))
    before, now = edit.base.agreement_id, edit.wanted.agreement_id
    if edit.base.sync and before is not None and before != now:
        return _(
            "What sync billed for {customer} on {agreement} stays there as it is. "
            "Look in ConnectWise whether it shall still be billed.",
            customer=title,
            agreement=agreement_name(before, contracts),
        )
    return ""
