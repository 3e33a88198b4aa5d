"""What a plan found besides its changes, gathered by kind: why, what to do, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import Finding, FindingKind
from core.domain.plan_inputs import PlanInputs
from pages.components import sync_session as session
from pages.components.formats import NOTHING
from pages.components.language import _, ngettext, text
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.problems import as_typed
from pages.components.sync_session import Dialog, View, open_dialog

CUSTOMERS_PAGE = "pages/customers.py"
MAPPING_PAGE = "pages/product_mapping.py"
SETTINGS_PAGE = "pages/settings.py"
_LISTED = 8
_SHOWN = 2000

_CUSTOMER_KINDS = frozenset(
    {
        FindingKind.UNMAPPED_CUSTOMER,
        FindingKind.CUSTOMER_OFF,
        FindingKind.NO_ACTIVE_AGREEMENT,
        FindingKind.ORPHANED_ADDITION,
    }
)
_MAPPING_KINDS = frozenset(
    {
        FindingKind.UNMAPPED_PRODUCT,
        FindingKind.PRODUCT_OFF,
        FindingKind.STOPPED_PRODUCT,
        FindingKind.BROKEN_PRODUCT,
        FindingKind.BUNDLE_CLASS,
        FindingKind.RULES_DIFFER,
        FindingKind.DRIVER_MISSING,
    }
)
_SETTINGS_KINDS = frozenset({FindingKind.FIREWALL_FREQUENCY, FindingKind.ZERO_LEFT})
# With which chip the mapping page opens.
_MAPPING_CHIPS = {
    FindingKind.UNMAPPED_PRODUCT: "unmapped",
    FindingKind.PRODUCT_OFF: "off",
    FindingKind.STOPPED_PRODUCT: "stopped",
    FindingKind.BROKEN_PRODUCT: "broken",
}


@dataclass(frozen=True)
class FindingGroup:
    """All findings of one kind."""

    kind: FindingKind
    blocks: bool
    findings: tuple[Finding, ...]


def finding_groups(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Gathered by kind; what blocks comes first, then the kind with the most findings."""
    gathered: dict[tuple[bool, FindingKind], list[Finding]] = {}
    for finding in findings:
        gathered.setdefault((finding.blocks, finding.kind), []).append(finding)
    groups = [FindingGroup(kind, blocks, tuple(f)) for (blocks, kind), f in gathered.items()]
    return sorted(groups, key=lambda group: (not group.blocks, -len(group.findings), group.kind))


def page_of(kind: FindingKind) -> str | None:
    """The page on which findings of a kind are dealt with; None for none of ours."""
    if kind in _CUSTOMER_KINDS:
        return CUSTOMERS_PAGE
    if kind in _MAPPING_KINDS:
        return MAPPING_PAGE
    return SETTINGS_PAGE if kind in _SETTINGS_KINDS else None


def draw_blocking(findings: Sequence[Finding], inputs: PlanInputs) -> None:
    """What keeps rows from being written, each kind in a box of its own."""
    for group in finding_groups(findings):
        if group.blocks:
            _draw_group(group, inputs)


def draw_notes(findings: Sequence[Finding], inputs: PlanInputs) -> None:
    """Everything else that was found, folded away."""
    groups = [group for group in finding_groups(findings) if not group.blocks]
    if not groups:
        return
    count = sum(len(group.findings) for group in groups)
    title = ngettext("Worth knowing: {count} note", "Worth knowing: {count} notes", count)
    with st.expander(title, icon=":material/info:", key="usage_sync_notes"):
        for group in groups:
            _draw_group(group, inputs)


def _draw_group(group: FindingGroup, inputs: PlanInputs) -> None:
    with st.container(border=True):
        if _has_way(group.kind):
            # Not columns: they cut the button's words where there is little room.
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(_heading(group, inputs))
                _draw_way(group, inputs)
        else:
            st.markdown(_heading(group, inputs))
        if len(group.findings) > 1:
            _draw_sentences(group, inputs)


def _heading(group: FindingGroup, inputs: PlanInputs) -> str:
    """One finding in its own words; several by what they have in common."""
    first = group.findings[0]
    icon = ":red[:material/block:]" if group.blocks else ":material/info:"
    title = sentence(first, inputs)
    if len(group.findings) > 1:
        title = _("{name}: {count}", name=kind_titles()[group.kind], count=len(group.findings))
    told = f"{icon} **{as_typed(title)}**"
    remedies = {finding.remedy for finding in group.findings}
    remedy = first.remedy
    if remedy is not None and len(remedies) == 1:
        told += f"  \n{as_typed(text(remedy))}"
    return told


def sentence(finding: Finding, inputs: PlanInputs, *, with_remedy: bool = False) -> str:
    """What was found. Agreements of many companies have the same name: the company is told."""
    told = text(finding.text)
    company = _company(finding, inputs)
    if company and company not in told:
        told = _("{name}: {value}", name=company, value=told)
    if with_remedy and finding.remedy is not None:
        told += " " + text(finding.remedy)
    return told


def _company(finding: Finding, inputs: PlanInputs) -> str:
    target = finding.target
    agreement = inputs.agreements.get(target.agreement_id) if target else None
    return agreement.company.name if agreement else ""


def _draw_sentences(group: FindingGroup, inputs: PlanInputs) -> None:
    """A short list as it is, a long one as a table."""
    several = len({finding.remedy for finding in group.findings}) > 1
    if len(group.findings) <= _LISTED:
        lines = [sentence(finding, inputs, with_remedy=several) for finding in group.findings]
        st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
        return
    with st.expander(
        _("Show all {count}", count=len(group.findings)),
        key=f"usage_sync_findings_{group.kind.value}_{int(group.blocks)}",
    ):
        _draw_table(group.findings[:_SHOWN], inputs, with_remedy=several)


def _draw_table(findings: Sequence[Finding], inputs: PlanInputs, *, with_remedy: bool) -> None:
    rows = [
        {
            "text": sentence(finding, inputs, with_remedy=with_remedy),
            "quantity": None if finding.quantity is None else float(finding.quantity),
        }
        for finding in findings
    ]
    plain = aligned(decimals_of([finding.quantity for finding in findings]))
    st.dataframe(
        pd.DataFrame(rows).style.format({"quantity": plain}),
        hide_index=True,
        placeholder=NOTHING,
        column_config={"text": _("What"), "quantity": right(_("Quantity"), 120)},
    )


_DEALT_WITH_HERE = frozenset(
    {
        FindingKind.NEWER_MONTH,
        FindingKind.CLOSED_MONTH,
        FindingKind.UNASSIGNED_USAGE,
        FindingKind.BOUND_ADDITION_GONE,
    }
)


def _has_way(kind: FindingKind) -> bool:
    """Whether there is a button or link for it; the rest is done in ConnectWise or Sophos."""
    return kind in _DEALT_WITH_HERE or page_of(kind) is not None


def _draw_way(group: FindingGroup, inputs: PlanInputs) -> None:
    """The button or link to where it is dealt with."""
    kind = group.kind
    if kind is FindingKind.NEWER_MONTH:
        st.button(
            _("Push it all the same…"),
            key="usage_sync_older_month",
            icon=":material/history:",
            on_click=partial(open_dialog, Dialog.OLDER_MONTH),
        )
    elif kind is FindingKind.CLOSED_MONTH:
        st.button(
            _("Reopen this month…"),
            key="usage_sync_reopen",
            icon=":material/lock_open:",
            on_click=partial(open_dialog, Dialog.REOPEN_MONTH),
        )
    elif kind is FindingKind.UNASSIGNED_USAGE:
        st.button(
            _("Show"),
            key="usage_sync_show_unassigned",
            icon=":material/arrow_forward:",
            on_click=partial(session.choose_view, View.USAGE),
        )
    elif kind is FindingKind.BOUND_ADDITION_GONE:
        _draw_recreation(group, inputs)
    else:
        _draw_link(kind)


def _draw_link(kind: FindingKind) -> None:
    page = page_of(kind)
    if page is None:
        return
    names = {
        CUSTOMERS_PAGE: (_("Customers"), ":material/groups:"),
        MAPPING_PAGE: (_("Product mapping"), ":material/compare_arrows:"),
        SETTINGS_PAGE: (_("Settings"), ":material/settings:"),
    }
    label, icon = names[page]
    chip = _MAPPING_CHIPS.get(kind)
    st.page_link(
        page, label=label, icon=icon, query_params={"show": chip} if chip else None, width="content"
    )


def _draw_recreation(group: FindingGroup, inputs: PlanInputs) -> None:
    keys = [finding.target.key for finding in group.findings if finding.target is not None]
    st.button(
        ngettext("Create it anew", "Create all {count} anew", len(keys)),
        key="usage_sync_recreate_all",
        icon=":material/add_circle:",
        on_click=partial(
            session.recreate_all, inputs.month, inputs.options.recreate | frozenset(keys)
        ),
        help=_("They become new additions of the plan; nothing is written before you approve it."),
    )


def kind_titles() -> dict[FindingKind, str]:
    """What findings of a kind have in common."""
    return {
        FindingKind.AMBIGUOUS_ADDITION: _("Several open additions of the same product"),
        FindingKind.BOUND_ADDITION_GONE: _("Additions that are gone from ConnectWise"),
        FindingKind.DUPLICATE_ADDITION: _("More open additions than the one that sync keeps"),
        FindingKind.UNBOUND_WITHOUT_USAGE: _("Additions without usage that sync never kept"),
        FindingKind.ORPHANED_ADDITION: _("Additions that nothing is mapped to any more"),
        FindingKind.BILLED_ELSEWHERE: _("Usage that another addition still bills"),
        FindingKind.NOT_BILLED_YET: _("Additions whose usage nothing else bills yet"),
        FindingKind.ENDED_LATER: _("Additions that ended after the month"),
        FindingKind.BEGINS_LATER: _("Additions that begin after the month"),
        FindingKind.NO_ACTIVE_AGREEMENT: _("Customers whose agreement is not active"),
        FindingKind.UNREADABLE_AGREEMENT: _("Agreements that could not be read"),
        FindingKind.UNMAPPED_CUSTOMER: _("Customers without an agreement"),
        FindingKind.CUSTOMER_OFF: _("Customers whose sync is off"),
        FindingKind.UNMAPPED_PRODUCT: _("Sophos products that are not mapped"),
        FindingKind.PRODUCT_OFF: _("Sophos products whose sync is off"),
        FindingKind.STOPPED_PRODUCT: _("Sophos products whose sync is stopped"),
        FindingKind.BROKEN_PRODUCT: _("Sophos products whose ConnectWise product is unusable"),
        FindingKind.BUNDLE_CLASS: _("Products of a class that cannot be billed"),
        FindingKind.RULES_DIFFER: _("Bundles with different quantity rules"),
        FindingKind.DRIVER_MISSING: _("Bundles without their leading product"),
        FindingKind.BASIS_UNSAID: _("Usage without the quantity that is billed"),
        FindingKind.NEGATIVE_QUANTITY: _("Quantities below zero"),
        FindingKind.UNASSIGNED_USAGE: _("Usage without a customer"),
        FindingKind.NO_USAGE_FETCHED: _("No usage"),
        FindingKind.INCOMPLETE_USAGE: _("Incomplete usage"),
        FindingKind.STALE_USAGE: _("Old usage"),
        FindingKind.EMPTY_USAGE: _("A month without any usage"),
        FindingKind.MONTH_NOT_OVER: _("A month that is not over"),
        FindingKind.CLOSED_MONTH: _("A closed month"),
        FindingKind.NEWER_MONTH: _("Additions that carry a newer month"),
        FindingKind.FIREWALL_FREQUENCY: _("Firewalls under another frequency"),
        FindingKind.ZERO_LEFT: _("Additions that are left although their usage is gone"),
        FindingKind.CHANGED_SINCE: _("Changed by somebody else since"),
        FindingKind.INVOICED_PERIOD: _("Periods that are invoiced already"),
    }
