"""Saving product mappings: what the Save dialog says, and the save itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.domain.models import MappingRow
from core.domain.staging import RowBase
from core.errors import UsageSyncError
from core.services import Services
from pages.components.grid_save import SaveWords, draw_save, finish_save
from pages.components.identity import who
from pages.components.language import _, ngettext
from pages.components.mapping_plan import review
from pages.components.mapping_rows import Catalog
from pages.components.mapping_session import session
from pages.components.problems import problem_text, show_error


def draw_mapping_save(services: Services, rows: Sequence[MappingRow], catalog: Catalog) -> None:
    """The body of the Save dialog."""
    found = review(session.staged(), rows, catalog, services.clock())
    words = SaveWords(
        row_heading=_("Sophos product"),
        lines=found.lines,
        consequences=found.consequences,
        problems=[problem_text(problem) for problem in found.plan.problems],
        conflicts=len(found.plan.conflicts),
    )
    draw_save(session, words, partial(_save, services))


def _save(services: Services) -> None:
    try:
        result = services.mappings.save(session.staged().edits(), by=who())
    except UsageSyncError as error:
        show_error(error)
        return
    refused = {conflict.key for conflict in result.conflicts}
    notice = ngettext("Saved {count} product.", "Saved {count} products.", len(result.saved))
    saved = {mapping.product_code: RowBase.of(mapping) for mapping in result.saved}
    finish_save(session, saved, refused, notice)
