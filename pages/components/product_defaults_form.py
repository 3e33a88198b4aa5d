"""What new ConnectWise products start from."""

from __future__ import annotations

import streamlit as st

from core.domain.models import ProductClass, ProductLookups, Reference
from core.domain.product_form import LABELS, ProductDefaults
from core.errors import UsageSyncError
from core.services import Services
from pages.components.identity import who
from pages.components.language import _, language, text
from pages.components.option_names import distinct
from pages.components.problems import show_error
from pages.components.product_fields import product_class_name

_KEY = "product_defaults"
_SAVED = "product_defaults_saved"


def draw_product_defaults(services: Services) -> None:
    """The form; a list that is left empty lets the product forms choose sensibly."""
    if st.session_state.pop(_SAVED, False):
        st.toast(_("Saved."), icon=":material/check_circle:")
    try:
        lists = services.products.form_options()
    except UsageSyncError as error:
        show_error(error)
        return
    wanted = _fields(services.preferences.defaults(), lists)
    if st.button(_("Save"), type="primary", icon=":material/save:", key=f"{_KEY}_save"):
        services.preferences.save_defaults(wanted, who())
        st.session_state[_SAVED] = True
        st.rerun()


def _fields(stored: ProductDefaults, lists: ProductLookups) -> ProductDefaults:
    left, right = st.columns(2, gap="medium")
    with left:
        category = _list("category", lists.categories, stored.category_id)
        subcategories = [
            Reference(item.id, item.name)
            for item in lists.subcategories
            if category is None or item.category.id == category
        ]
        subcategory = _list("subcategory", subcategories, stored.subcategory_id, scope=category)
        type_id = _list("type", lists.types, stored.type_id)
        unit = _list("unit_of_measure", lists.units_of_measure, stored.unit_of_measure_id)
    with right:
        product_class = _product_class(stored.product_class)
        manufacturer = _list("manufacturer", lists.manufacturers, stored.manufacturer_id)
        taxable = st.toggle(text(LABELS["taxable"]), value=stored.taxable, key=f"{_KEY}_taxable")
        recurring = st.toggle(
            text(LABELS["recurring"]), value=stored.recurring, key=f"{_KEY}_recurring"
        )
        cycle = stored.billing_cycle_id
        if recurring:
            cycle = _list("recurring_bill_cycle", lists.billing_cycles, cycle)
    new_products_sync = st.toggle(
        _("Sync is on for Sophos products that are seen for the first time"),
        value=stored.new_products_sync,
        key=f"{_KEY}_new_products_sync",
        help=_("They are unmapped: a default product is then created for them by the next sync."),
    )
    return ProductDefaults(
        category_id=category,
        subcategory_id=subcategory,
        type_id=type_id,
        unit_of_measure_id=unit,
        billing_cycle_id=cycle,
        manufacturer_id=manufacturer,
        product_class=product_class,
        taxable=taxable,
        recurring=recurring,
        new_products_sync=new_products_sync,
    )


def _list(
    field: str,
    options: tuple[Reference, ...] | list[Reference],
    stored: int | None,
    scope: object = "",
) -> int | None:
    """A list by name; what ConnectWise does not have any more counts as not chosen."""
    names = {option.id: option.name for option in options}
    ids = sorted(names, key=lambda one: names[one].casefold())
    return st.selectbox(
        text(LABELS[field]),
        ids,
        index=ids.index(stored) if stored in names else None,
        format_func=distinct(names),
        placeholder=_("Chosen automatically"),
        key="_".join([_KEY, field, *([str(scope)] if scope is not None and scope != "" else [])]),
    )


def _product_class(stored: ProductClass) -> ProductClass:
    classes = [one.value for one in ProductClass if one is not ProductClass.BUNDLE]
    chosen = st.selectbox(
        text(LABELS["product_class"]),
        classes,
        index=classes.index(stored.value) if stored.value in classes else 0,
        format_func=distinct({one: product_class_name(one) for one in classes}),
        placeholder=_("Choose…"),
        key=f"{_KEY}_product_class_{language()}",
    )
    return ProductClass(chosen)
