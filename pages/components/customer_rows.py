"""From customers and staged edits to the rows that the grid shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import streamlit as st

from core.domain.customer_saving import CustomerBase
from core.domain.customers import Contracts, CustomerValues, condition_of, new_mapping
from core.domain.models import (
    Agreement,
    BillingType,
    CustomerRow,
    CustomerState,
    CustomerSync,
    Tenant,
)
from core.domain.row_edits import RowEdit
from core.domain.row_staging import StagedEdits
from pages.components import formats
from pages.components.customer_grid import CustomerGridRow
from pages.components.customer_labels import agreement_words
from pages.components.grid import packed_row
from pages.components.language import _, locale, ngettext, text
from pages.components.reader import zone

Staged = StagedEdits[CustomerValues]


@dataclass(frozen=True)
class SavedRows:
    """The rows as they are stored, by customer: to be changed by what is staged, and packed."""

    shown: Mapping[str, CustomerGridRow]
    packed: Mapping[str, str]

    @classmethod
    def of(cls, rows: Sequence[CustomerRow], contracts: Contracts | None) -> SavedRows:
        """Every row, formatted for the reader."""
        names = {row.mapping.customer_id: customer_name(row) for row in rows}
        # Before Sophos was ever asked, nobody is missing from its list.
        asked = any(row.listed for row in rows)
        shown = [saved_row(row, names, contracts, asked=asked) for row in rows]
        return cls({row.code: row for row in shown}, {row.code: packed_row(row) for row in shown})


@dataclass(frozen=True)
class Drawing:
    """What all rows of one drawing share."""

    staged: Staged
    contracts: Contracts | None
    saved: SavedRows
    conflicts: Collection[str]


def with_staged_customers(
    rows: Sequence[CustomerRow], staged: Staged, now: datetime
) -> list[CustomerRow]:
    """The rows, and one for each staged customer that has none yet (from an imported file)."""
    known = {row.mapping.customer_id for row in rows}
    return [*rows, *(_unknown_row(id_, now) for id_ in staged.changes() if id_ not in known)]


@st.cache_resource(max_entries=16, show_spinner=False)
def saved_rows(
    version: tuple[str, str],  # noqa: ARG001 - cache key: of rows, and of contracts
    reader: tuple[str, str],  # noqa: ARG001 - cache key: locale and time zone
    _rows: Sequence[CustomerRow],
    _contracts: Contracts | None,
) -> SavedRows:
    """The rows as they are stored, formatted once for all who read the same way."""
    return SavedRows.of(_rows, _contracts)


def packed_rows(rows: Sequence[CustomerRow], drawing: Drawing) -> dict[str, str]:
    """The rows as the grid takes them; only those with staged edits are made anew."""
    edits = {edit.key: edit for edit in drawing.staged.edits()}
    packed = {}
    for row in rows:
        customer_id = row.mapping.customer_id
        edit = edits.get(customer_id)
        if edit is None:
            packed[customer_id] = drawing.saved.packed[customer_id]
        else:
            packed[customer_id] = packed_row(staged_row(row, edit, drawing))
    return packed


def staged_row(
    row: CustomerRow, edit: RowEdit[CustomerValues], drawing: Drawing
) -> CustomerGridRow:
    """A row with what is staged: what is wanted, what it was, and the state to come."""
    contracts = drawing.contracts
    saved = drawing.saved.shown.get(edit.key) or saved_row(row, {}, contracts)
    after = condition_of(edit.wanted, contracts, row.customer)
    changes = after.state is not row.state
    hint = _hint_lines(row)
    if changes and after.reason is not None:
        hint.append(_("After saving: {reason}", reason=after.reason))
    return replace(
        saved,
        **_values_part(edit.wanted, contracts),
        **_base_part(edit.base, contracts),
        next_state=after.state.value if changes else "",
        state_hint="\n".join(hint),
        conflict=edit.key in drawing.conflicts,
    )


def bases_of(rows: Sequence[CustomerRow]) -> dict[str, CustomerBase]:
    """The rows as loaded, for edits to be made on."""
    return {row.mapping.customer_id: CustomerBase.of(row.mapping) for row in rows}


def customer_name(row: CustomerRow) -> str:
    """The name of a customer, its ID where there is none."""
    return row.customer.name or row.mapping.customer_id


def company_name(company_id: int | None, contracts: Contracts | None) -> str:
    """The name of a company, its ID where it is not known."""
    if company_id is None:
        return ""
    company = contracts.companies.get(company_id) if contracts else None
    return company.name if company else f"#{company_id}"


def agreement_name(agreement_id: int | None, contracts: Contracts | None) -> str:
    """The name of an agreement, its ID where it is not known."""
    if agreement_id is None:
        return ""
    agreement = contracts.agreements.get(agreement_id) if contracts else None
    return agreement.name if agreement else f"#{agreement_id}"


def agreement_note(agreement: Agreement | None) -> str:
    """What tells an agreement from others, as the list of the editor has it."""
    return "" if agreement is None else _note(agreement, locale())


@lru_cache(maxsize=16_384)
def _note(agreement: Agreement, _locale: str) -> str:
    words = agreement_words()
    dates = (
        ("next_invoice", agreement.next_invoice_date),
        ("starts", agreement.start_date),
        ("ends", agreement.end_date),
    )
    told = {name: words[name].format(date=formats.date_text(day)) for name, day in dates if day}
    parts = (
        agreement.type.name if agreement.type else "",
        told.get("next_invoice", ""),
        words["prorates"] if agreement.prorate else words["does_not_prorate"],
        told.get("starts", ""),
        told.get("ends", ""),
    )
    return " · ".join(part for part in parts if part)


def saved_row(
    row: CustomerRow,
    names: Mapping[str, str],
    contracts: Contracts | None,
    *,
    asked: bool = True,
) -> CustomerGridRow:
    """A row as it is stored; `names` are the customers' by id, `asked` says that Sophos listed
    any."""
    values = CustomerValues.of(row.mapping)
    return CustomerGridRow(
        code=row.mapping.customer_id,
        name=row.customer.name,
        unlisted=asked and not row.listed,
        billing=_billing(row.customer.billing_type, locale()),
        status=_status(row.customer.status, locale()),
        state=row.state.value,
        next_state="",
        since="",
        state_hint="\n".join(_hint_lines(row)),
        explanation=_explanation(row),
        conflict=False,
        **_values_part(values, contracts),
        **_base_part(values, contracts),
        **_shared_part(row, names),
        **_sync_part(row.last_sync),
        **_suggestion_part(row, contracts),
    )


def _unknown_row(customer_id: str, now: datetime) -> CustomerRow:
    return CustomerRow(
        customer=Tenant(id=customer_id, name="", billing_type=""),
        listed=False,
        mapping=new_mapping(customer_id, now),
        company=None,
        agreement=None,
        agreements=(),
        state=CustomerState.UNMAPPED,
        reason=None,
        suggestion=None,
        last_sync=None,
    )


def _values_part(values: CustomerValues, contracts: Contracts | None) -> dict[str, Any]:
    known = contracts or Contracts({}, {})
    company = known.companies.get(values.company_id or 0)
    return {
        "company_id": _id_text(values.company_id),
        "company": company_name(values.company_id, contracts),
        "company_code": company.identifier if company else "",
        "agreement_id": _id_text(values.agreement_id),
        "agreement": agreement_name(values.agreement_id, contracts),
        "agreement_note": agreement_note(known.agreements.get(values.agreement_id or 0)),
        "sync": values.sync,
    }


def _base_part(values: CustomerValues, contracts: Contracts | None) -> dict[str, Any]:
    return {
        "base_company_id": _id_text(values.company_id),
        "base_company": company_name(values.company_id, contracts),
        "base_agreement_id": _id_text(values.agreement_id),
        "base_agreement": agreement_name(values.agreement_id, contracts),
        "base_sync": values.sync,
    }


def _id_text(value: int | None) -> str:
    return "" if value is None else str(value)


@lru_cache(maxsize=256)
def _billing(billing_type: str, _locale: str) -> str:
    known = {
        BillingType.USAGE.value: _("Usage"),
        BillingType.TERM.value: _("Term"),
        BillingType.TRIAL.value: _("Trial"),
    }
    return known.get(billing_type, billing_type)


@lru_cache(maxsize=256)
def _status(status: str, _locale: str) -> str:
    known = {
        "active": _("active"),
        "suspended": _("suspended"),
        "canceled": _("canceled"),
        "cancelled": _("canceled"),
    }
    return known.get(status.casefold(), status)


def _hint_lines(row: CustomerRow) -> list[str]:
    lines = [] if row.reason is None else [text(row.reason)]
    if row.mapping.version > 0:
        lines.append(_("Saved {moment}", moment=row.mapping.since))
    return lines


def _explanation(row: CustomerRow) -> str:
    """Why a customer does not sync although somebody wants it to, and what has to happen."""
    if row.reason is None:
        return ""
    if row.state is CustomerState.BLOCKED:
        way_out = _("Choose another agreement or company, or restore this one in ConnectWise.")
        return f"{text(row.reason)} {way_out}"
    begun = row.mapping.company_id is not None and row.mapping.agreement_id is None
    return text(row.reason) if begun or row.mapping.sync else ""


def _shared_part(row: CustomerRow, names: Mapping[str, str]) -> dict[str, str]:
    others = [names.get(other, other) for other in row.shared_with]
    if not others:
        return {"shared": "", "shared_hint": ""}
    if len(others) == 1:
        shared = _("shared with {customer}", customer=others[0])
    else:
        shared = ngettext("with {count} other", "with {count} others", len(others))
    hint = _(
        "On this agreement too: {customers}. Their usage is added up.", customers=", ".join(others)
    )
    return {"shared": shared, "shared_hint": hint}


def _sync_part(sync: CustomerSync | None) -> dict[str, Any]:
    if sync is None:
        return {
            "last_sync_at": -1.0,
            "last_sync": "",
            "last_sync_result": "",
            "last_sync_failed": False,
            "last_sync_hint": "",
        }
    if sync.failed:
        result = _("{failed} of {total} failed", failed=sync.failed, total=sync.done + sync.failed)
    else:
        result = ngettext("{count} done", "{count} done", sync.done)
    return {
        "last_sync_at": sync.at.timestamp(),
        "last_sync": formats.date_text(sync.at.astimezone(zone()).date()),
        "last_sync_result": result,
        "last_sync_failed": sync.failed > 0,
        "last_sync_hint": _(
            "Usage of {month}, synced {moment}", month=str(sync.month), moment=sync.at
        ),
    }


def _suggestion_part(row: CustomerRow, contracts: Contracts | None) -> dict[str, Any]:
    suggestion = row.suggestion
    return {
        "suggestion_id": str(suggestion.company_id) if suggestion else "",
        "suggestion_name": company_name(suggestion.company_id, contracts) if suggestion else "",
        "suggestion_score": float(suggestion.score) if suggestion else -1.0,
        "suggestion_reason": text(suggestion.reason) if suggestion else "",
    }
