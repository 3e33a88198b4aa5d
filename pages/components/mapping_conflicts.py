"""Rows that somebody else changed meanwhile: theirs, mine and the base, and the two ways out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import MappingRow
from core.domain.saving import Conflict
from core.domain.staging import RowBase
from core.services import Services
from pages.components import mapping_session as session
from pages.components.language import _, ngettext
from pages.components.mapping_plan import product_title, product_words, sync_words
from pages.components.mapping_rows import Catalog
from pages.components.problems import as_typed


def draw_conflicts(
    services: Services,
    conflicts: Sequence[Conflict],
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    """One panel per row in conflict, above the grid."""
    if not conflicts:
        return
    st.error(
        ngettext(
            "{count} row was changed by somebody else while you edited it. Choose what to keep.",
            "{count} rows were changed by somebody else while you edited them. "
            "Choose what to keep.",
            len(conflicts),
        ),
        icon=":material/sync_problem:",
    )
    for conflict in conflicts:
        with st.container(border=True):
            _draw_one(services, conflict, by_code, catalog)


def _draw_one(
    services: Services,
    conflict: Conflict,
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    code = conflict.key
    st.markdown(f"**{as_typed(product_title(code, by_code))}**")
    saver = _saver(services, code)
    if saver:
        st.caption(as_typed(saver))
    st.dataframe(_table(conflict, catalog), hide_index=True, width="stretch")
    with st.container(horizontal=True):
        st.button(
            _("Keep theirs"),
            key=f"mapping_theirs_{code}",
            on_click=partial(_keep_theirs, code),
        )
        st.button(
            _("Use mine"),
            key=f"mapping_mine_{code}",
            on_click=partial(_use_mine, conflict),
            help=_("Your values stay unsaved until you press Save."),
        )


def _table(conflict: Conflict, catalog: Catalog) -> pd.DataFrame:
    values = (conflict.base, conflict.theirs, conflict.mine)
    products = [product_words(one.connectwise_product_id, catalog) for one in values]
    switches = [sync_words(one.sync) for one in values]
    headings = ["", _("When you began"), _("Theirs (saved)"), _("Mine (unsaved)")]
    rows = [[_("ConnectWise product"), *products], [_("Sync"), *switches]]
    return pd.DataFrame(rows, columns=pd.Index(headings))


def _saver(services: Services, code: str) -> str:
    newest = services.mappings.history(code, 1)
    if not newest:
        return ""
    return _("Saved by {name}, {moment}", name=newest[0].by, moment=newest[0].at)


def _keep_theirs(code: str) -> None:
    session.put_staged(session.staged().unstage(code))


def _use_mine(conflict: Conflict) -> None:
    base = RowBase(conflict.theirs, conflict.theirs_version)
    session.put_staged(session.staged().rebase(conflict.key, base))
