"""What a person typed for a ConnectWise product, to and from `ProductFields`.

Typed values are a plain dict (text, numbers of lists, switches) that is kept in the session, so
that nothing typed is lost by an error, a step to another product or a failed write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.models import (
    ProductClass,
    ProductFields,
    ProductLookups,
    RecurringCycleType,
    Reference,
    SubCategory,
)
from core.errors import InputError, Problem
from pages.components.formats import money_input, parse_number
from pages.components.problems import field_problem

Typed = str | int | bool | None
Values = dict[str, Typed]

TEXTS = (
    "identifier",
    "description",
    "customer_description",
    "manufacturer_part_number",
    "vendor_sku",
    "notes",
)
AMOUNTS = ("price", "cost")
SWITCHES = ("taxable", "inactive", "recurring")
REFERENCES = (
    "category",
    "subcategory",
    "type",
    "unit_of_measure",
    "manufacturer",
    "recurring_bill_cycle",
)


@dataclass(frozen=True)
class Choices:
    """The lists to choose from: field -> id -> name, and the categories of the subcategories."""

    names: Mapping[str, Mapping[int, str]]
    subcategories: tuple[SubCategory, ...]

    def of_category(self, category_id: Typed) -> list[int]:
        """The ids of the subcategories of a category; of all while none is chosen."""
        return [
            item.id
            for item in self.subcategories
            if category_id is None or item.category.id == category_id
        ]

    def reference(self, field: str, chosen: Typed) -> Reference | None:
        """The chosen entry as ConnectWise wants it."""
        if not isinstance(chosen, int) or chosen not in self.names[field]:
            return None
        return Reference(chosen, self.names[field][chosen])


def choices(lookups: ProductLookups, present: ProductFields | None = None) -> Choices:
    """The active entries, and those that the product has although they are not active any more."""
    subcategories = lookups.subcategories
    if present is not None and present.subcategory and present.category:
        own = SubCategory(present.subcategory.id, present.subcategory.name, present.category)
        if own.id not in {item.id for item in subcategories}:
            subcategories = (*subcategories, own)
    lists: dict[str, Iterable[Reference | SubCategory]] = {
        "category": lookups.categories,
        "subcategory": subcategories,
        "type": lookups.types,
        "unit_of_measure": lookups.units_of_measure,
        "manufacturer": lookups.manufacturers,
        "recurring_bill_cycle": lookups.billing_cycles,
    }
    names = {field: {entry.id: entry.name for entry in entries} for field, entries in lists.items()}
    for field in REFERENCES:
        own_entry: Reference | None = getattr(present, field) if present is not None else None
        if own_entry is not None:
            names[field].setdefault(own_entry.id, own_entry.name)
    return Choices(names, subcategories)


def values_of(product: ProductFields) -> Values:
    """The form's start: what the product has, amounts as the reader would type them."""
    values: Values = {name: getattr(product, name) for name in (*TEXTS, *SWITCHES)}
    values |= {name: money_input(getattr(product, name)) for name in AMOUNTS}
    for name in REFERENCES:
        reference: Reference | None = getattr(product, name)
        values[name] = reference.id if reference else None
    values["integration_xref"] = product.integration_xref
    values["product_class"] = product.product_class.value
    cycle = product.recurring_cycle_type
    values["recurring_cycle_type"] = cycle.value if cycle else None
    return values


def fields_from(
    values: Values, lists: Choices, base: ProductFields
) -> tuple[ProductFields, tuple[Problem, ...]]:
    """What was typed, over `base`; with the amounts that cannot be read as problems.

    An unreadable amount keeps that of `base`: it is never sent, because problems stop the write.
    """
    amounts, problems = _amounts(values, base)
    references = {name: lists.reference(name, values[name]) for name in REFERENCES}
    cycle_type = values["recurring_cycle_type"]
    product = replace(
        base,
        **{name: str(values[name] or "").strip() for name in TEXTS},
        **{name: bool(values[name]) for name in SWITCHES},
        **amounts,
        **references,
        product_class=ProductClass(values["product_class"]),
        recurring_cycle_type=RecurringCycleType(cycle_type) if cycle_type else None,
    )
    if not product.recurring and not base.recurring:
        # The cycle of a product that never recurred means nothing: not sent, not a change.
        product = replace(
            product,
            recurring_bill_cycle=base.recurring_bill_cycle,
            recurring_cycle_type=base.recurring_cycle_type,
        )
    return product, problems


def _amounts(
    values: Values, base: ProductFields
) -> tuple[dict[str, Decimal | None], tuple[Problem, ...]]:
    amounts: dict[str, Decimal | None] = {}
    problems: list[Problem] = []
    for name in AMOUNTS:
        try:
            amounts[name] = parse_number(str(values[name] or ""))
        except InputError as error:
            amounts[name] = getattr(base, name)
            problems.append(field_problem(error, name))
    return amounts, tuple(problems)
