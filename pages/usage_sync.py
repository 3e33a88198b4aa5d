"""Usage sync: what a sync would do, its approval, and what became of it."""

from __future__ import annotations

from core.use_cases.runs import JOB
from pages.components.language import _
from pages.components.leaving import ask_before_leaving
from pages.components.session import start
from pages.components.sync_view import draw_usage_sync

draw_usage_sync(start(_("Usage sync"), shows_job=JOB))
ask_before_leaving()
