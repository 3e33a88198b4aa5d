"""Products being added to PSA: what is typed for each, what is wrong, and the creating."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from core.domain.models import CatalogItem, ProductClass, ProductFields, SophosProduct
from core.domain.product_form import validate
from core.errors import (
    InputError,
    Message,
    OutcomeUnknownError,
    Problem,
    RefusedError,
    TryAgainError,
    UsageSyncError,
    message,
)
from core.services import Services
from core.use_cases.products import ProductExistsError
from pages.components.language import _
from pages.components.product_fields import forget, widget_limits
from pages.components.product_values import Choices, Values, fields_from, values_of

KEY = "product_add"
OnCreated = Callable[[Mapping[str, CatalogItem]], None]


@dataclass
class Draft:
    """The form of one Sophos product, and what became of it.

    `refused` are the server's problems, each with the value that it was about: once the value is
    another one, the problem is no longer shown. `handed_over`: the page has staged `created`.
    `unknown`: the answer of ConnectWise was lost, and it may be there.
    """

    start: ProductFields
    values: Values
    limits: dict[str, int]
    created: CatalogItem | None = None
    handed_over: bool = False
    existing: CatalogItem | None = None
    failure: tuple[Message, Message | None] | None = None
    unknown: bool = False
    refused: list[tuple[Problem, object]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether Apply was tried and has not led to a product."""
        return self.failure is not None or self.existing is not None


@dataclass
class AddState:
    """The open dialog: the products, which of them is shown, and what is typed.

    `applying` from the press of Apply until it has ended; `applied` until its end was told.
    `left_out` is how many selected products are not here, because they are mapped. `by` is who
    adds them.
    """

    products: tuple[SophosProduct, ...]
    by: str
    first_identifier: str = ""
    position: int = 0
    checked: bool = False
    applying: bool = False
    applied: bool = False
    left_out: int = 0
    drafts: dict[str, Draft] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop the widgets' values."""
        forget(KEY)

    @property
    def pending(self) -> list[SophosProduct]:
        """The products that are not in ConnectWise yet."""
        return [one for one in self.products if self.drafts[one.code].created is None]


def prefill_drafts(services: Services, state: AddState) -> None:
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


def begin(state: AddState) -> None:
    """Apply was pressed."""
    state.applying = True


def apply(services: Services, state: AddState, lists: Choices) -> None:
    """Create what is pending; nothing at all while any form has a problem.

    No `st` call in here, not even a look at the session: a click meanwhile would end the run at
    it, between two products, or after the last one and before its row learns of it.
    """
    try:
        _create_pending(services, state, lists)
    finally:
        state.applying, state.applied = False, True


def _create_pending(services: Services, state: AddState, lists: Choices) -> None:
    state.checked = True
    problems = _all_problems(state, lists)
    if problems:
        state.position = _first_with(state, problems)
        return
    wanted = {product.code: _wanted(state.drafts[product.code], lists) for product in state.pending}
    creations = services.products.creations
    creations.begin(state.by, {code: fields.identifier for code, fields in wanted.items()})
    try:
        for code, fields in wanted.items():
            _create(services, state, code, fields)
    finally:
        creations.abandon(state.by, wanted)
    if state.pending:
        state.position = state.products.index(state.pending[0])


def _wanted(draft: Draft, lists: Choices) -> ProductFields:
    return fields_from(draft.values, lists, draft.start)[0]


def _create(services: Services, state: AddState, code: str, wanted: ProductFields) -> None:
    draft, creations = state.drafts[code], services.products.creations
    draft.existing, draft.failure, draft.unknown, draft.refused = None, None, False, []
    try:
        item = services.products.create(wanted)
    except UsageSyncError as error:
        _keep_failure(draft, error, several=len(state.products) > 1)
        creations.failed(state.by, code, error.text, error.remedy)
    else:
        accept(draft, item)
        creations.made(state.by, code, item)


def _keep_failure(draft: Draft, error: UsageSyncError, *, several: bool) -> None:
    if isinstance(error, ProductExistsError):
        draft.existing = error.existing
        return
    draft.failure = (error.text, _remedy(error, several=several))
    draft.unknown = isinstance(error, OutcomeUnknownError)
    if isinstance(error, (InputError, RefusedError)):
        draft.refused = [
            (problem, draft.values.get(problem.field or "")) for problem in error.problems
        ]


def _remedy(error: UsageSyncError, *, several: bool) -> Message | None:
    """What to do; that nothing was changed would be wrong beside others that were created."""
    if isinstance(error, OutcomeUnknownError) or (several and isinstance(error, TryAgainError)):
        return message(
            "Wait a minute, then press Apply again; what is there already is never created twice."
        )
    return error.remedy


def accept(draft: Draft, item: CatalogItem) -> None:
    """Take a product, created or existing, for a Sophos product."""
    draft.created, draft.existing, draft.failure = item, None, None


def hand_over(services: Services, state: AddState, on_created: OnCreated) -> None:
    """Hand the page what is there and was not handed over yet, whatever ended the run before.

    What failed is told in the form, so it need not be told to another session of this person.
    """
    for code, draft in state.drafts.items():
        if draft.created is not None and not draft.handed_over:
            on_created({code: draft.created})
            draft.handed_over = True
        elif draft.created is None and not state.applying:
            services.products.creations.forget(state.by, [code])


def shown_problems(state: AddState, lists: Choices) -> dict[str, tuple[Problem, ...]]:
    """Those found by us once Apply was pressed, and the server's while the value is the same.

    The server's own never keep Apply from asking it again: they may be out of date.
    """
    found = _all_problems(state, lists) if state.checked else {}
    for product in state.pending:
        refused = still_refused(state.drafts[product.code])
        if refused:
            found[product.code] = (*found.get(product.code, ()), *refused)
    return found


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


def why_unusable(item: CatalogItem) -> str | None:
    """Why an existing product cannot be mapped; None when it can."""
    if item.inactive:
        return _("It is inactive in ConnectWise, so it cannot be mapped.")
    if item.product_class is ProductClass.BUNDLE:
        return _("It is of the class Bundle, which cannot be billed on an agreement.")
    return None
