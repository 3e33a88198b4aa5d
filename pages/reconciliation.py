"""Reconciliation: what was used against what is billed, differences first."""

from __future__ import annotations

from pages.components.language import _
from pages.components.reconciliation_view import draw_reconciliation
from pages.components.session import start

draw_reconciliation(start(_("Reconciliation")))
