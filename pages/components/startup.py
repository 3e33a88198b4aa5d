"""What the server does before it answers: everything that the first visitor would wait for."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from core.domain.month import newest_over
from core.errors import UsageSyncError
from pages.components.session import shared_services

# Resources that sessions share may be made outside of a session; Streamlit warns all the same.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
# A large database that is migrated takes longer: then the first pages say that it is starting.
_LONGEST = 20.0
# Not those with a grid: the server knows only the components that a session has declared, and an
# import outside of one would leave their grids blank until the server stops.
_VIEWS = ("reconciliation_view", "settings_view", "sync_view")


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, Any]]:
    """Start the services with the server, not with its first visitor: syncs that are due wait for
    nobody. The server answers once they run."""
    preparing = asyncio.create_task(asyncio.to_thread(prepare))
    await asyncio.wait({preparing}, timeout=_LONGEST)
    yield {}


def import_pages() -> None:
    """What takes long to import, and declares no component."""
    for name in _VIEWS:
        importlib.import_module(f"pages.components.{name}")


def prepare() -> None:
    """Read what every page needs, and make the newest month's report with what it is held against:
    made while the first page is drawn, either would hold that page up."""
    import_pages()
    # What keeps it from starting, each page tells with its remedy, and tries again.
    with suppress(UsageSyncError):
        services = shared_services()
        services.customers.rows()
        months = services.usage.months()
        if months:
            month = newest_over(months, services.clock().date())
            services.reconciliation.look(month)
            services.reconciliation.previous(month)
