"""Whether both systems answer, with the remedy where they do not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.services import Services
from core.use_cases.connections import ConnectionCheck
from pages.components.language import _, text
from pages.components.problems import as_typed

_KEPT_SECONDS = 300


@st.cache_data(ttl=_KEPT_SECONDS, max_entries=4, show_spinner=False)
def recent_checks(
    _services: Services,
    store: str,  # noqa: ARG001 - part of the cache's key
) -> list[ConnectionCheck]:
    """Both connections as tested within the last five minutes."""
    return _services.connections.check()


def test_now(services: Services) -> list[ConnectionCheck]:
    """Test again, and let other pages know."""
    recent_checks.clear()
    return recent_checks(services, str(services.store.path))


def draw_checks(checks: Sequence[ConnectionCheck]) -> None:
    """One line per system: word and icon, and the remedy."""
    for check in checks:
        if check.ok:
            st.markdown(
                f":material/check_circle: **{check.system}** · {as_typed(text(check.text))}"
            )
            continue
        told = f"**{check.system}** · {as_typed(text(check.text))}"
        if check.remedy is not None:
            told += "\n\n" + _("What to do: {remedy}", remedy=as_typed(text(check.remedy)))
        st.error(told, icon=":material/error:")
