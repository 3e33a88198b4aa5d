"""History: what was done by whom, and taking it back."""

from __future__ import annotations

from core.use_cases.runs import JOB
from pages.components.history_view import draw_history
from pages.components.language import _
from pages.components.leaving import ask_before_leaving
from pages.components.session import start

draw_history(start(_("History"), shows_job=JOB))
ask_before_leaving()
