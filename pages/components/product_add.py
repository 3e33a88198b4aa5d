"""Add products to PSA: one form per Sophos product, created in ConnectWise by Apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from core.domain.models import CatalogItem, ProductClass, ProductFields, SophosProduct
from core.domain.product_form import validate
from core.errors import InputError, Message, Problem, RefusedError, UsageSyncError, message
from core.services import Services
from core.use_cases.products import ProductExistsError
from pages.components.language import _, ngettext
from pages.components.problems import as_typed, attention, failure_text, show_error
from pages.components.product_fields import Form, draw_fields, forget, widget_limits
from pages.components.product_values import Choices, Values, choices, fields_from, values_of
from pages.components.redraw import redraw

_KEY = "product_add"
NOTICE = "product_forms_notice"


@dataclass
class Draft:
    """The form of one Sophos product, and what became of it.

    `refused` are the server's problems, each with the value that it was about: once the value is
    another one, the problem is no longer shown.
    """

    start: ProductFields
    values: Values
    limits: dict[str, int]
    created: CatalogItem | None = None
    existing: CatalogItem | None = None
    failure: tuple[Message, Message | None] | None = None
    refused: list[tuple[Problem, object]] = field(default_factory=list)


@dataclass
class AddState:
    """The open dialog: the products, which of them is shown, and what is typed."""

    products: tuple[SophosProduct, ...]
    first_identifier: str = ""
    position: int = 0
    checked: bool = False
    drafts: dict[str, Draft] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop the widgets' values."""
        forget(_KEY)

    @property
    def pending(self) -> list[SophosProduct]:
        """The products that are not in ConnectWise yet."""
        return [one for one in self.products if self.drafts[one.code].created is None]


def draw_add(
    services: Services,
    state: AddState,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
    close: Callable[[], None],
) -> None:
    """The body of the dialog."""
    try:
        lists = choices(services.products.form_options())
        _prefill(services, state)
    except UsageSyncError as error:
        show_error(error)
        _retry_or_cancel(close)
        return
    problems = _shown_problems(state, lists)
    _stepper(state, problems)
    product = state.products[state.position]
    draft = state.drafts[product.code]
    if draft.created is not None:
        _created(draft.created)
    else:
        _draw_draft(product, draft, lists, problems.get(product.code, ()), on_created)
    _buttons(services, state, lists, problems, on_created, close)


def _prefill(services: Services, state: AddState) -> None:
    for position, product in enumerate(state.products):
        if product.code in state.drafts:
            continue
        start = services.products.prefill(product.code)
        if not product.code:
            start = _without_sophos_product(start)
        if position == 0 and state.first_identifier:
            start = replace(start, identifier=state.first_identifier)
        values = values_of(start)
        limits = widget_limits(services.products.field_limits(), values)
        state.drafts[product.code] = Draft(start, values, limits)


def _without_sophos_product(start: ProductFields) -> ProductFields:
    """A product of the partner's own, such as a bundle: only the defaults are filled in."""
    return replace(
        start,
        identifier="",
        description="",
        customer_description="",
        integration_xref="",
        vendor_sku="",
        cost=None,
        manufacturer=None,
    )


def _draw_draft(
    product: SophosProduct,
    draft: Draft,
    lists: Choices,
    problems: tuple[Problem, ...],
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    _what_happened(product, draft, on_created)
    form = Form(
        key=f"{_KEY}_{product.code}",
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
            key=f"{_KEY}_back",
            disabled=state.position == 0,
            on_click=_move,
            args=(state, state.position - 1),
        )
        st.session_state[f"{_KEY}_position"] = state.position
        st.selectbox(
            _(
                "Sophos product {position} of {count}",
                position=state.position + 1,
                count=len(state.products),
            ),
            range(len(state.products)),
            format_func=lambda one: _step_name(state, state.products[one], problems),
            key=f"{_KEY}_position",
            on_change=_move_to_chosen,
            args=(state,),
        )
        st.button(
            _("Next"),
            icon=":material/chevron_right:",
            key=f"{_KEY}_next",
            disabled=state.position == len(state.products) - 1,
            on_click=_move,
            args=(state, state.position + 1),
        )


def _move(state: AddState, position: int) -> None:
    state.position = position


def _move_to_chosen(state: AddState) -> None:
    state.position = st.session_state[f"{_KEY}_position"]


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


def _what_happened(
    product: SophosProduct,
    draft: Draft,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    if draft.existing is not None:
        _offer_existing(product, draft, draft.existing, on_created)
    elif draft.failure is not None:
        unplaced = [one for one, _value in draft.refused if one.field not in draft.values]
        st.error(failure_text(*draft.failure, unplaced), icon=":material/error:")


def _offer_existing(
    product: SophosProduct,
    draft: Draft,
    existing: CatalogItem,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    told = _(
        "ConnectWise already has a product {identifier}: {description}. Use it for this Sophos "
        "product, or enter another product ID below.",
        identifier=existing.identifier,
        description=existing.description,
    )
    st.warning(as_typed(told), icon=":material/content_copy:")
    reason = _unusable(existing)
    if reason:
        st.markdown(f":material/block: {as_typed(reason)}")
        return
    if st.button(
        _("Use the existing product"), icon=":material/link:", key=f"{_KEY}_use_{product.code}"
    ):
        _accept(product, draft, existing, on_created)
        redraw()


def _unusable(item: CatalogItem) -> str | None:
    if item.inactive:
        return _("It is inactive in ConnectWise, so it cannot be mapped.")
    if item.product_class is ProductClass.BUNDLE:
        return _("It is of the class Bundle, which cannot be billed on an agreement.")
    return None


def _created(item: CatalogItem) -> None:
    told = _(
        "{identifier} is in ConnectWise and staged in its row. Save keeps the mapping.",
        identifier=item.identifier,
    )
    st.success(as_typed(told), icon=":material/check_circle:")


def _buttons(
    services: Services,
    state: AddState,
    lists: Choices,
    problems: Mapping[str, tuple[Problem, ...]],
    on_created: Callable[[Mapping[str, CatalogItem]], None],
    close: Callable[[], None],
) -> None:
    pending = len(state.pending)
    wrong = sum(len({one.field for one in found}) for found in problems.values())
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if wrong:
            st.markdown(attention(wrong), width="content")
        leave = _("Cancel") if pending == len(state.products) else _("Close")
        if st.button(leave, key=f"{_KEY}_cancel"):
            close()
            st.rerun()
        label = _("Apply") if len(state.products) == 1 else _apply_label(pending)
        if pending and st.button(
            label, type="primary", icon=":material/check:", key=f"{_KEY}_apply"
        ):
            with st.spinner(_("Creating in ConnectWise…")):
                _apply(services, state, lists, on_created)
            if not state.pending:
                st.session_state[NOTICE] = _done(state)
                close()
                st.rerun()
            redraw()


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
        if st.button(_("Try again"), icon=":material/refresh:", key=f"{_KEY}_retry"):
            redraw()
        if st.button(_("Cancel"), key=f"{_KEY}_cancel"):
            close()
            st.rerun()


def _apply(
    services: Services,
    state: AddState,
    lists: Choices,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    """Create what is pending; nothing at all while any form has a problem.

    No `st` call inside the loop: a click or a closed tab cannot cut it between two products.
    """
    state.checked = True
    problems = _all_problems(state, lists)
    if problems:
        state.position = _first_with(state, problems)
        return
    for product in state.pending:
        draft = state.drafts[product.code]
        wanted, _unread = fields_from(draft.values, lists, draft.start)
        _create(services, product, draft, wanted, on_created)
    if state.pending:
        state.position = state.products.index(state.pending[0])


def _create(
    services: Services,
    product: SophosProduct,
    draft: Draft,
    wanted: ProductFields,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    draft.existing, draft.failure, draft.refused = None, None, []
    try:
        item = services.products.create(wanted)
    except ProductExistsError as error:
        draft.existing = error.existing
    except UsageSyncError as error:
        draft.failure = (error.text, error.remedy)
        if isinstance(error, (InputError, RefusedError)):
            draft.refused = [
                (problem, draft.values.get(problem.field or "")) for problem in error.problems
            ]
    else:
        _accept(product, draft, item, on_created)


def _accept(
    product: SophosProduct,
    draft: Draft,
    item: CatalogItem,
    on_created: Callable[[Mapping[str, CatalogItem]], None],
) -> None:
    draft.created, draft.existing, draft.failure = item, None, None
    on_created({product.code: item})


def _all_problems(state: AddState, lists: Choices) -> dict[str, tuple[Problem, ...]]:
    """Everything wrong in any of the pending forms, by product code."""
    found: dict[str, tuple[Problem, ...]] = {}
    seen: set[str] = set()
    for product in state.pending:
        draft = state.drafts[product.code]
        wanted, unread = fields_from(draft.values, lists, draft.start)
        wrong = [
            *unread,
            *validate(wanted, draft.limits, subcategories=lists.subcategories),
            *_repeated(wanted.identifier, seen),
        ]
        seen.add(wanted.identifier.casefold())
        if wrong:
            found[product.code] = tuple(wrong)
    return found


def _repeated(identifier: str, seen: set[str]) -> list[Problem]:
    if not identifier or identifier.casefold() not in seen:
        return []
    told = message(
        "Another product of this form has the same product ID. To map several Sophos products to "
        "one ConnectWise product, add it once and choose it in the other rows."
    )
    return [Problem(told, "identifier")]


def _shown_problems(state: AddState, lists: Choices) -> dict[str, tuple[Problem, ...]]:
    """Those found by us once Apply was pressed, and the server's while the value is the same.

    The server's own never keep Apply from asking it again: they may be out of date.
    """
    found = _all_problems(state, lists) if state.checked else {}
    for product in state.pending:
        refused = still_refused(state.drafts[product.code])
        if refused:
            found[product.code] = (*found.get(product.code, ()), *refused)
    return found


def still_refused(draft: Draft) -> list[Problem]:
    """The server's problems with values that are still as they were refused."""
    return [
        problem
        for problem, value in draft.refused
        if problem.field in draft.values and draft.values[problem.field] == value
    ]


def _first_with(state: AddState, problems: Mapping[str, tuple[Problem, ...]]) -> int:
    codes = [product.code for product in state.products]
    return min(codes.index(code) for code in problems)
