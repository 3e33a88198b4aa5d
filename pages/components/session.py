"""The start of every page: sign-in, services, sidebar, banner, title.

A page is: `services = start(_("Title"))`, read, draw, call one service on a click, say what
happened.
"""

from __future__ import annotations

import gc
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitAPIException

import core.services
from core.errors import UsageSyncError
from core.services import Services
from pages.components.banner import sandbox_banner
from pages.components.jobs import job_panel
from pages.components.language import _, text_in
from pages.components.problems import show_error
from pages.components.sidebar import draw_sidebar

PAGES_DIRECTORY = Path(__file__).resolve().parent.parent
_ENTERED = "session_entered"
_WANTED_PAGE = "session_wanted_page"
_WANTED_QUERY = "session_wanted_query"


def enter() -> None:
    """Mark this session as begun by `app.py`, and go on to the page that was asked for.

    See `start`: on a fresh server Streamlit runs the page of a deep link without `app.py`.
    """
    st.session_state[_ENTERED] = True
    page = st.session_state.pop(_WANTED_PAGE, None)
    query = st.session_state.pop(_WANTED_QUERY, None)
    if page is not None:
        st.switch_page(page, query_params=query)


def start(page_title: str, *, shows_job: str | None = None) -> Services:
    """Begin a page and return the services; the page is not run where it may not be.

    `shows_job` is the kind of task that the page shows itself.
    """
    _go_through_app()
    _require_sign_in()
    services = _services_or_stop(page_title)
    _style()
    draw_sidebar()
    st.title(page_title, anchor=False)
    sandbox_banner(services)
    job_panel(services, shown_elsewhere=shows_job)
    return services


@st.cache_resource(show_spinner=False)
def shared_services() -> Services:
    """The one set of services of this process, shared by all sessions, with what runs by itself.

    What stays for the life of the process, the catalog above all, is taken out of the garbage
    collector's sight: looking through it again and again would hold up every session.
    """
    services = core.services.build_services()
    services.notifications.start(text_in)
    services.runs.start_reading_back()
    services.scheduler.start()
    services.mappings.rows()
    gc.collect()
    gc.freeze()
    return services


def _go_through_app() -> None:
    """Streamlit skips `app.py` when the first request of a server is a deep link: go there first.

    A page that is itself the main script (in a test) has no `app.py` to go through.
    """
    if st.session_state.get(_ENTERED):
        return
    st.session_state[_WANTED_PAGE] = _page_of(st.context.url or "")
    st.session_state[_WANTED_QUERY] = st.query_params.to_dict()
    try:
        st.switch_page("app.py")
    except StreamlitAPIException:
        st.session_state[_ENTERED] = True


def _page_of(url: str) -> str | None:
    """The page file that an address names, None for none of ours."""
    name = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    known = {path.stem for path in PAGES_DIRECTORY.glob("*.py")}
    return f"pages/{name}.py" if name in known else None


def _style() -> None:
    """What the theme cannot say: less empty space beside wide tables; no download of a table by
    Streamlit itself, which leaves text in it that a spreadsheet would run (ours does not); notices
    below, where they cover no toolbar, and clicks go through them (else a pointer that rests on
    one keeps it open); no "Press Enter to apply", which Streamlit says in English only.

    That hint shares its element with the count of characters, and alone looks like it: but it has
    several words. One word a line it is higher than one line, and is moved out of sight by a
    multiple of what it is too high; a count is not.
    """
    st.html(
        "<style>[data-testid='stMainBlockContainer']"
        "{padding-left:max(1rem,min(2.5rem,3vw));padding-right:max(1rem,min(2.5rem,3vw))}"
        "[data-testid='stElementToolbarButton']:has([aria-label='Download as CSV']){display:none}"
        "[data-testid='stToastContainer']{top:auto!important;bottom:1rem;pointer-events:none}"
        "[data-testid='stToastContainer'] button{pointer-events:auto}"
        "[data-testid='InputInstructions']{overflow:hidden;max-height:1lh}"
        "[data-testid='InputInstructions']>span:not(:last-child){display:none}"
        "[data-testid='InputInstructions']>span::before{display:none}"
        "[data-testid='InputInstructions']>span:only-child{display:block;width:min-content;"
        "margin-left:auto;transform:translateY(calc((1lh - 100%)*9))}"
        "</style>"
    )


def _require_sign_in() -> None:
    """With sign-in configured (`[auth]` in secrets.toml), nobody sees anything without it."""
    if st.user.get("is_logged_in") is not False:
        return
    st.title(_("Usage Sync"), anchor=False)
    st.write(_("Sign in to see and change what is billed."))
    if st.button(_("Sign in"), type="primary", icon=":material/login:"):
        st.login()
    st.stop()


def _services_or_stop(page_title: str) -> Services:
    try:
        with st.spinner(_("Starting…")):
            return shared_services()
    except UsageSyncError as error:
        st.title(page_title, anchor=False)
        show_error(error)
        if st.button(_("Try again"), icon=":material/refresh:"):
            st.rerun()
        st.stop()
