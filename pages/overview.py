"""Overview: what needs a person first, then the state of things."""

from __future__ import annotations

from pages.components.language import _
from pages.components.overview_data import draw_data
from pages.components.overview_first_steps import draw_first_steps, draw_next_steps
from pages.components.overview_month import draw_month, draw_trend
from pages.components.overview_sync import draw_sync
from pages.components.overview_todo import draw_todos
from pages.components.session import start
from pages.components.tasks import MONTHS_KEPT_IN_VIEW
from pages.components.usage_summary import summaries

services = start(_("Overview"))
rows = services.mappings.rows()
months = summaries(services, MONTHS_KEPT_IN_VIEW)
begun = bool(rows) and services.catalog.refreshed_at() is not None
if begun:
    draw_next_steps(services)
    draw_todos(services, rows, months)
    draw_sync(services)
else:
    draw_first_steps(services, has_usage=bool(rows))
if months:
    draw_month(rows, months, services.planning.today())
    draw_trend(rows, months)
if begun:
    draw_data(services, months)
