"""Two changes of the same ConnectWise product, side by side, decided field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.domain.models import CatalogItem, ProductFields
from core.domain.product_form import LABELS, ThreeWay, fields_of, three_way
from pages.components.formats import NOTHING, datetime_text
from pages.components.language import _, text
from pages.components.problems import as_typed
from pages.components.product_view import value_text

_KEY = "product_compare"
_THEIRS, _MINE = "theirs", "mine"


def draw_comparison(
    base: CatalogItem,
    theirs: CatalogItem,
    mine: ProductFields,
    on_back: Callable[[], None],
) -> ProductFields | None:
    """Show both; returns what the form goes on with once the person has decided, else None.

    Nothing is written here: the decision fills the form, and Apply writes. `on_back` is for who
    does not want to decide yet.
    """
    compared = three_way(fields_of(base), fields_of(theirs), mine)
    told = _(
        "{who} changed this product in ConnectWise on {when}, after you opened it. Nothing of "
        "yours has been written.",
        who=theirs.updated_by or _("Somebody"),
        when=datetime_text(theirs.last_updated),
    )
    st.warning(as_typed(told), icon=":material/call_split:")
    st.markdown(_table(compared, base, theirs, mine))
    chosen = {name: _choose(name) for name in compared.both}
    return _decision(compared, theirs, mine, chosen, on_back)


def merge(
    compared: ThreeWay, theirs: ProductFields, mine: ProductFields, chosen: dict[str, str | None]
) -> ProductFields:
    """Their product, with what only I changed and what I chose of mine."""
    taken = [*compared.mine_only, *(name for name, whose in chosen.items() if whose == _MINE)]
    return replace(theirs, **{name: getattr(mine, name) for name in taken})


def _decision(
    compared: ThreeWay,
    theirs: CatalogItem,
    mine: ProductFields,
    chosen: dict[str, str | None],
    on_back: Callable[[], None],
) -> ProductFields | None:
    undecided = [name for name, whose in chosen.items() if whose is None]
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button(
            _("Back"),
            key=f"{_KEY}_back",
            on_click=on_back,
            help=_("Decides nothing: what you typed is kept, and Apply asks again."),
        )
        if st.button(_("Take theirs, drop mine"), key=f"{_KEY}_drop"):
            return fields_of(theirs)
        if st.button(
            _("Continue with this"),
            type="primary",
            key=f"{_KEY}_continue",
            disabled=bool(undecided),
            help=_("Fills the form; Apply writes it."),
        ):
            return merge(compared, fields_of(theirs), mine, chosen)
    return None


def _choose(name: str) -> str | None:
    labels = {_THEIRS: _("Theirs"), _MINE: _("Mine")}
    return st.segmented_control(
        _("{field}: both of you changed it. Keep which?", field=LABELS[name]),
        [_THEIRS, _MINE],
        format_func=labels.__getitem__,
        key=f"{_KEY}_{name}",
    )


def _table(
    compared: ThreeWay, base: ProductFields, theirs: ProductFields, mine: ProductFields
) -> str:
    """A row per changed field: as you opened it, theirs, mine."""
    names = [*compared.both, *compared.theirs_only, *compared.mine_only]
    heads = ("", _("When you opened it"), _("Theirs"), _("Mine"))
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---|---|"]
    for name in names:
        cells = [_cell(base, name), _cell(theirs, name), _cell(mine, name)]
        if name in compared.theirs_only:
            cells[2] = NOTHING
        if name in compared.mine_only:
            cells[1] = NOTHING
        lines.append("| " + " | ".join([f"**{as_typed(text(LABELS[name]))}**", *cells]) + " |")
    return "\n".join(lines)


def _cell(product: ProductFields, name: str) -> str:
    shown = " ".join(value_text(product, name).split())
    return as_typed(shown if len(shown) <= 200 else shown[:200] + "…")
