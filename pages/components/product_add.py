"""Add products to PSA: one form per Sophos product, created in ConnectWise by Apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.domain.models import CatalogItem, SophosProduct
from core.errors import Problem, UsageSyncError
from core.services import Services
from pages.components.formats import money
from pages.components.language import _, ngettext
from pages.components.option_names import distinct
from pages.components.problems import as_typed, attention, failure_text, show_error
from pages.components.product_adding import (
    KEY,
    AddState,
    Draft,
    OnCreated,
    accept,
    apply,
    begin,
    hand_over,
    prefill_drafts,
    shown_problems,
    why_unusable,
)
from pages.components.product_fields import Form, draw_fields, went_wrong
from pages.components.product_values import Choices, choices
from pages.components.redraw import redraw

NOTICE = "product_forms_notice"


def draw_add(
    services: Services,
    state: AddState,
    on_created: OnCreated,
    close: Callable[[], None],
) -> None:
    """The body of the dialog."""
    hand_over(services, state, on_created)
    if state.applied and not state.pending:
        st.session_state[NOTICE] = _done(state)
        close()
        st.rerun()
    try:
        lists = choices(services.products.form_options())
        prefill_drafts(services, state)
    except UsageSyncError as error:
        show_error(error)
        _retry_or_cancel(close)
        return
    problems = shown_problems(state, lists)
    _stepper(state, problems)
    _progress(state)
    product = state.products[state.position]
    draft = state.drafts[product.code]
    if draft.created is not None:
        _created(draft.created)
    else:
        _vendor_price(services, product.code)
        _draw_draft(product, draft, lists, problems.get(product.code, ()))
    _buttons(state, problems, close)
    if state.applying:
        with st.spinner(_("Creating in ConnectWise…")):
            apply(services, state, lists)
        redraw()


def _vendor_price(services: Services, code: str) -> None:
    price = services.products.vendor_price(code) if code else None
    if price is not None:
        amount = money(*price)
        st.caption(
            _("Sophos charges {amount} per unit; the cost is filled in with it.", amount=amount)
        )


def _draw_draft(
    product: SophosProduct,
    draft: Draft,
    lists: Choices,
    problems: tuple[Problem, ...],
) -> None:
    _what_happened(product, draft)
    form = Form(
        key=f"{KEY}_{product.code}",
        values=draft.values,
        lists=lists,
        limits=draft.limits,
        problems=problems,
        with_bundle=False,
        with_inactive=False,
    )
    draw_fields(form)


def _stepper(state: AddState, problems: Mapping[str, tuple[Problem, ...]]) -> None:
    """Which product this is; with several, the way to the others."""
    if len(state.products) == 1:
        product = state.products[0]
        code = f" · {as_typed(product.code)}" if product.code else ""
        st.markdown(f"**{as_typed(_name(product))}**{code}")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            _("Back"),
            icon=":material/chevron_left:",
            key=f"{KEY}_back",
            disabled=state.position == 0,
            on_click=_move,
            args=(state, state.position - 1),
        )
        st.session_state[f"{KEY}_position"] = state.position
        st.selectbox(
            _(
                "Sophos product {position} of {count}",
                position=state.position + 1,
                count=len(state.products),
            ),
            range(len(state.products)),
            format_func=distinct(
                {
                    position: _step_name(state, product, problems)
                    for position, product in enumerate(state.products)
                }
            ),
            placeholder=_("Choose…"),
            key=f"{KEY}_position",
            on_change=_move_to_chosen,
            args=(state,),
        )
        st.button(
            _("Next"),
            icon=":material/chevron_right:",
            key=f"{KEY}_next",
            disabled=state.position == len(state.products) - 1,
            on_click=_move,
            args=(state, state.position + 1),
        )


def _progress(state: AddState) -> None:
    """What was left out; of several, what became of each once Apply was tried."""
    if state.left_out:
        left_out = ngettext(
            "{count} selected row has a ConnectWise product already and is left out.",
            "{count} selected rows have a ConnectWise product already and are left out.",
            state.left_out,
        )
        st.caption(left_out)
    if len(state.products) > 1 and any(draft.failed for draft in state.drafts.values()):
        st.info(_outcome(state), icon=":material/inventory_2:")


def _outcome(state: AddState) -> str:
    """Which of several are there, which are not, and what to do, as Markdown."""
    there, unknown, missing = [], [], []
    for product in state.products:
        draft = state.drafts[product.code]
        whose = there if draft.created else unknown if draft.unknown else missing
        whose.append(_name(product))
    lines = [
        (there, _("In ConnectWise, staged and not saved yet: {products}", products=_list(there))),
        (missing, _("Not created: {products}", products=_list(missing))),
        (unknown, _("Not known whether created: {products}", products=_list(unknown))),
    ]
    told = [as_typed(line) for names, line in lines if names]
    way_out = _(
        "Choose one of the others above to see why. Apply tries only those again, and creates "
        "nothing twice; Close keeps what is staged."
    )
    return "\n\n".join([*told, as_typed(way_out)])


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _move(state: AddState, position: int) -> None:
    state.position = position


def _move_to_chosen(state: AddState) -> None:
    state.position = st.session_state[f"{KEY}_position"]


def _name(product: SophosProduct) -> str:
    return product.description or product.code or _("A product of your own, such as a bundle")


def _step_name(
    state: AddState, product: SophosProduct, problems: Mapping[str, tuple[Problem, ...]]
) -> str:
    draft = state.drafts[product.code]
    if draft.created is not None:
        return _("✓ {product} (in ConnectWise)", product=_name(product))
    if problems.get(product.code) or draft.failure or draft.existing:
        return _("! {product} (needs attention)", product=_name(product))
    return _name(product)


def _what_happened(product: SophosProduct, draft: Draft) -> None:
    if draft.existing is not None:
        _offer_existing(product, draft, draft.existing)
    elif draft.failure is not None:
        unplaced = [one for one, _value in draft.refused if one.field not in draft.values]
        st.error(failure_text(*draft.failure, unplaced), icon=":material/error:")


def _offer_existing(product: SophosProduct, draft: Draft, existing: CatalogItem) -> None:
    told = _(
        "ConnectWise already has a product {identifier}: {description}. Use it for this Sophos "
        "product, or enter another product ID below.",
        identifier=existing.identifier,
        description=existing.description,
    )
    st.warning(as_typed(told), icon=":material/content_copy:")
    reason = why_unusable(existing)
    if reason:
        st.markdown(f":material/block: {as_typed(reason)}")
        return
    if st.button(
        _("Use the existing product"), icon=":material/link:", key=f"{KEY}_use_{product.code}"
    ):
        accept(draft, existing)
        redraw()


def _created(item: CatalogItem) -> None:
    told = _(
        "{identifier} is in ConnectWise and staged in its row. Save keeps the mapping.",
        identifier=item.identifier,
    )
    st.success(as_typed(told), icon=":material/check_circle:")


def _buttons(
    state: AddState, problems: Mapping[str, tuple[Problem, ...]], close: Callable[[], None]
) -> None:
    pending = len(state.pending)
    wrong = sum(len({one.field for one in found}) for found in problems.values())
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if wrong:
            st.markdown(attention(wrong), width="content")
        elif any(state.drafts[product.code].failed for product in state.pending):
            st.markdown(went_wrong(), width="content")
        leave = _("Cancel") if pending == len(state.products) else _("Close")
        left = st.button(leave, key=f"{KEY}_cancel", disabled=state.applying)
        # A press that came while Apply ran was about the form as it was before: what Apply did,
        # and did not, is told first.
        if left and not state.applied:
            close()
            st.rerun()
        state.applied = False
        if pending:
            st.button(
                _("Apply") if len(state.products) == 1 else _apply_label(pending),
                type="primary",
                icon=":material/check:",
                key=f"{KEY}_apply",
                disabled=state.applying,
                on_click=begin,
                args=(state,),
            )


def _done(state: AddState) -> str:
    return ngettext(
        "{count} product is in ConnectWise. Save keeps its mapping.",
        "{count} products are in ConnectWise. Save keeps their mappings.",
        len(state.products),
    )


def _apply_label(pending: int) -> str:
    return ngettext("Apply ({count} product)", "Apply ({count} products)", pending)


def _retry_or_cancel(close: Callable[[], None]) -> None:
    with st.container(horizontal=True):
        if st.button(_("Try again"), icon=":material/refresh:", key=f"{KEY}_retry"):
            redraw()
        if st.button(_("Cancel"), key=f"{KEY}_cancel"):
            close()
            st.rerun()
