"""The form of a ConnectWise product: its limits, what is wrong with it, what changed in it.

Limits, required fields and classes are those of `CatalogItem` (OpenAPI 2026.4). Text is compared
with whitespace collapsed, because ConnectWise stores a line break as one space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from core.domain.default_product import default_product
from core.domain.models import (
    CatalogItem,
    ProductClass,
    ProductFields,
    ProductLookups,
    RecurringCycleType,
    Reference,
    SophosProduct,
    SubCategory,
)
from core.domain.product_choices import (
    choose_cycle,
    choose_manufacturer,
    choose_subcategory,
    choose_type,
    choose_unit,
)
from core.domain.sophos_products import display_name
from core.domain.text_limits import cut, utf16_length
from core.errors import Message, Problem, message

# Identifiers may have 60 characters on the servers of 2022 and 75 on those of 2026.
IDENTIFIER_LIMITS = (60, 75)

FIELD_LIMITS: Mapping[str, int] = {
    "identifier": IDENTIFIER_LIMITS[0],
    "description": 60,
    "customer_description": 6000,
    "manufacturer_part_number": 50,
    "vendor_sku": 50,
    "integration_xref": 50,
}

# ConnectWise's names of the fields as its own screens show them.
LABELS: Mapping[str, Message] = {
    "identifier": message("Product ID"),
    "description": message("Description"),
    "customer_description": message("Customer description"),
    "category": message("Category"),
    "subcategory": message("Subcategory"),
    "type": message("Type"),
    "product_class": message("Product class"),
    "unit_of_measure": message("Unit of measure"),
    "price": message("Price"),
    "cost": message("Cost"),
    "taxable": message("Taxable"),
    "inactive": message("Inactive"),
    "recurring": message("Recurring"),
    "recurring_bill_cycle": message("Billing cycle"),
    "recurring_cycle_type": message("Cycle type"),
    "manufacturer": message("Manufacturer"),
    "manufacturer_part_number": message("Part number"),
    "vendor_sku": message("Vendor SKU"),
    "notes": message("Notes"),
    "integration_xref": message("Cross-reference"),
}

_REQUIRED = ("identifier", "description", "customer_description", "subcategory", "type")
_MONEY = ("price", "cost")
# ConnectWise's double keeps about 15 digits; more would come back as another number.
_MONEY_LIMIT = Decimal(1_000_000_000)
_MONEY_PLACES = 6


@dataclass(frozen=True)
class ProductDefaults:
    """What new ConnectWise products start with, from the settings; None means "choose for me".

    `new_products_sync`: whether Sophos products seen for the first time have sync on.
    """

    category_id: int | None = None
    subcategory_id: int | None = None
    type_id: int | None = None
    unit_of_measure_id: int | None = None
    billing_cycle_id: int | None = None
    manufacturer_id: int | None = None
    product_class: ProductClass = ProductClass.NON_INVENTORY
    taxable: bool = False
    recurring: bool = True
    new_products_sync: bool = False


@dataclass(frozen=True)
class ThreeWay:
    """Who changed which fields of a product since it was read, by field name.

    `both` are the fields that both changed, to different values; equal changes are in none.
    """

    mine_only: Mapping[str, object]
    theirs_only: Mapping[str, object]
    both: Mapping[str, tuple[object, object]]

    @property
    def theirs_changed(self) -> bool:
        """Whether somebody else changed anything that is still different from mine."""
        return bool(self.theirs_only or self.both)


def limits(identifier_limit: int = IDENTIFIER_LIMITS[0]) -> dict[str, int]:
    """The greatest number of characters per field, for a server that takes such identifiers."""
    return {**FIELD_LIMITS, "identifier": identifier_limit}


def validate(
    product: ProductFields,
    field_limits: Mapping[str, int] = FIELD_LIMITS,
    *,
    subcategories: Sequence[SubCategory] = (),
    base: ProductFields | None = None,
) -> tuple[Problem, ...]:
    """Everything that ConnectWise would refuse, each at its field; empty when it may be sent.

    With `subcategories` given, the subcategory is checked against the chosen category. `base` is
    the product as it is in ConnectWise: what is wrong with it already, such as a subcategory that
    was retired since, does not stand in the way of other changes.
    """
    known = () if base is None else validate(base, field_limits, subcategories=subcategories)
    problems = (
        *_missing(product),
        *_too_long(product, field_limits),
        *_bad_money(product),
        *_bad_category(product, subcategories),
        *_bad_recurrence(product),
    )
    return tuple(problem for problem in problems if problem not in known)


def prefill(
    product: SophosProduct,
    defaults: ProductDefaults,
    lookups: ProductLookups,
    *,
    unit_cost: Decimal | None = None,
    vendor_sku: str = "",
) -> ProductFields:
    """A form that can be applied as it stands wherever the lookups allow it.

    `unit_cost` is the vendor's last unit price, in the currency of the vendor's bill; one that
    cannot be a cost (a credit) is left out. Defaults that no longer exist in ConnectWise fall
    back like missing ones.
    """
    standard = default_product(product)
    subcategory = choose_subcategory(lookups, defaults.subcategory_id, defaults.category_id)
    cycle = choose_cycle(lookups.billing_cycles, defaults.billing_cycle_id)
    recurring = defaults.recurring and cycle is not None
    return ProductFields(
        identifier=standard.identifier,
        description=standard.description,
        customer_description=customer_description(product),
        category=None if subcategory is None else subcategory.category,
        subcategory=None if subcategory is None else Reference(subcategory.id, subcategory.name),
        type=choose_type(lookups.types, defaults.type_id),
        product_class=defaults.product_class,
        unit_of_measure=choose_unit(
            lookups.units_of_measure, defaults.unit_of_measure_id, product.product_group
        ),
        cost=cost_from(unit_cost),
        taxable=defaults.taxable,
        recurring=recurring,
        recurring_bill_cycle=cycle if recurring else None,
        recurring_cycle_type=RecurringCycleType.CALENDAR_YEAR if recurring else None,
        manufacturer=choose_manufacturer(lookups.manufacturers, defaults.manufacturer_id),
        vendor_sku=vendor_sku_from(vendor_sku),
        integration_xref=standard.integration_xref,
    )


def customer_description(product: SophosProduct) -> str:
    """What customers read on their invoice: the vendor's name, within ConnectWise's limit."""
    return cut(display_name(product), FIELD_LIMITS["customer_description"])


def cost_from(unit_price: Decimal | None) -> Decimal | None:
    """The vendor's unit price as a cost; None for one that cannot be a cost."""
    if unit_price is None or _money_problem(LABELS["cost"], unit_price):
        return None
    return unit_price


def vendor_sku_from(sku: str) -> str:
    """The vendor's SKU within ConnectWise's limit."""
    return cut(sku, FIELD_LIMITS["vendor_sku"])


def changed_fields(base: ProductFields, wanted: ProductFields) -> dict[str, object]:
    """The fields of `wanted` that differ from `base`, with the wanted values.

    Only what a person may enter is compared; references by id; money by value.
    """
    return {
        name: getattr(wanted, name)
        for name in _names()
        if not _same(getattr(base, name), getattr(wanted, name))
    }


def three_way(base: ProductFields, theirs: ProductFields, mine: ProductFields) -> ThreeWay:
    """Compare two changes of the same product, for showing both."""
    my_changes = changed_fields(base, mine)
    their_changes = changed_fields(base, theirs)
    differing = changed_fields(theirs, mine)
    return ThreeWay(
        mine_only={name: value for name, value in my_changes.items() if name not in their_changes},
        theirs_only={
            name: value for name, value in their_changes.items() if name not in my_changes
        },
        both={
            name: (value, my_changes[name])
            for name, value in their_changes.items()
            if name in my_changes and name in differing
        },
    )


def fields_of(item: CatalogItem) -> ProductFields:
    """What may be entered of a product that was read."""
    return ProductFields(**{name: getattr(item, name) for name in _names()})


def collapsed(text: str) -> str:
    """Text as ConnectWise gives it back: every run of whitespace is one space."""
    return " ".join(text.split())


def _names() -> tuple[str, ...]:
    return tuple(item.name for item in fields(ProductFields))


def _same(left: object, right: object) -> bool:
    if isinstance(left, Reference) and isinstance(right, Reference):
        return left.id == right.id
    if isinstance(left, str) and isinstance(right, str):
        return collapsed(left) == collapsed(right)
    return left == right


def _missing(product: ProductFields) -> Iterator[Problem]:
    for name in _REQUIRED:
        value = getattr(product, name)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield Problem(message("{field} is required.", field=LABELS[name]), field=name)


def _too_long(product: ProductFields, field_limits: Mapping[str, int]) -> Iterator[Problem]:
    for name, limit in field_limits.items():
        length = utf16_length(getattr(product, name))
        if length > limit:
            text = message(
                "{field} has {length} characters; ConnectWise takes {limit}.",
                field=LABELS[name],
                length=length,
                limit=limit,
            )
            yield Problem(text, field=name)


def _bad_money(product: ProductFields) -> Iterator[Problem]:
    for name in _MONEY:
        value: Decimal | None = getattr(product, name)
        problem = None if value is None else _money_problem(LABELS[name], value)
        if problem is not None:
            yield Problem(problem, field=name)


def _money_problem(label: Message, value: Decimal) -> Message | None:
    if not value.is_finite():
        return message("{field} is not a number.", field=label)
    if value < 0:
        return message("{field} cannot be negative.", field=label)
    if value >= _MONEY_LIMIT:
        return message("{field} must be below {limit}.", field=label, limit=_MONEY_LIMIT)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _MONEY_PLACES:
        return message("{field} has more than {limit} decimals.", field=label, limit=_MONEY_PLACES)
    return None


def _bad_category(
    product: ProductFields, subcategories: Sequence[SubCategory]
) -> Iterator[Problem]:
    if product.subcategory is None or not subcategories:
        return
    known = next((item for item in subcategories if item.id == product.subcategory.id), None)
    if known is None:
        text = message(
            "The subcategory {subcategory} does not exist or is inactive.",
            subcategory=product.subcategory.name,
        )
        yield Problem(text, field="subcategory")
    elif product.category is not None and known.category.id != product.category.id:
        text = message(
            "The subcategory {subcategory} belongs to the category {category}.",
            subcategory=known.name,
            category=known.category.name,
        )
        yield Problem(text, field="subcategory")


def _bad_recurrence(product: ProductFields) -> Iterator[Problem]:
    if product.recurring and product.recurring_bill_cycle is None:
        yield Problem(
            message("A recurring product needs a billing cycle."), field="recurring_bill_cycle"
        )
