"""Choosing sensible entries of ConnectWise's lists for a new product.

What the settings name comes first; an entry that no longer exists counts as not named. Then the
likeliest by name decides, so that a fresh system works without any setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.models import ProductLookups, Reference, SubCategory

_SUBCATEGORY_WORDS = (
    "endpoint",
    "security",
    "sécurité",
    "software",
    "logiciel",
    "managed",
    "service",
)
_TYPE_WORDS = ("software", "logiciel", "service")
_UNIT_WORDS = ("each", "unit", "licen", "chacun")
_MONTHLY = ("monthly", "mensuel")


def choose_subcategory(
    lookups: ProductLookups, subcategory_id: int | None, category_id: int | None
) -> SubCategory | None:
    """The wanted one; else one of the wanted category; else the likeliest of all."""
    active = [item for item in lookups.subcategories if not item.inactive]
    for item in active:
        if item.id == subcategory_id:
            return item
    in_category = [item for item in active if item.category.id == category_id]
    return _likeliest(in_category or active)


def choose_type(options: Sequence[Reference], wanted_id: int | None) -> Reference | None:
    """The wanted type, else one for software, else the first."""
    return _chosen(options, wanted_id, _TYPE_WORDS) or _first(options)


def choose_unit(
    options: Sequence[Reference], wanted_id: int | None, product_group: str
) -> Reference | None:
    """The wanted unit, else that of the vendor's unit group (User), else each, else the first."""
    group = product_group.strip().casefold()
    words = (group, *_UNIT_WORDS) if group else _UNIT_WORDS
    return _chosen(options, wanted_id, words) or _first(options)


def choose_manufacturer(options: Sequence[Reference], wanted_id: int | None) -> Reference | None:
    """The wanted manufacturer, else Sophos, else none."""
    return _chosen(options, wanted_id, ("sophos",))


def choose_cycle(options: Sequence[Reference], wanted_id: int | None) -> Reference | None:
    """The wanted billing cycle, else the monthly one; never another, not even "Bi-Monthly"."""
    chosen = _chosen(options, wanted_id, ())
    monthly = (item for item in options if item.name.strip().casefold().startswith(_MONTHLY))
    return chosen or next(monthly, None)


def _likeliest(items: Sequence[SubCategory]) -> SubCategory | None:
    for word in _SUBCATEGORY_WORDS:
        for item in items:
            if word in f"{item.name} {item.category.name}".casefold():
                return item
    return items[0] if items else None


def _chosen(
    options: Sequence[Reference], wanted_id: int | None, words: Sequence[str]
) -> Reference | None:
    for option in options:
        if option.id == wanted_id:
            return option
    for word in words:
        for option in options:
            if word in option.name.casefold():
                return option
    return None


def _first(options: Sequence[Reference]) -> Reference | None:
    return options[0] if options else None
