"""Saving customers: what the Save dialog says, and the save itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.domain.customer_saving import CustomerBase
from core.domain.customers import Contracts
from core.domain.models import CustomerRow
from core.errors import UsageSyncError
from core.services import Services
from pages.components.customer_plan import review
from pages.components.customer_session import session
from pages.components.grid_save import SaveWords, draw_save, finish_save
from pages.components.identity import who
from pages.components.language import _, ngettext, text
from pages.components.problems import show_error


def draw_customer_save(
    services: Services, rows: Sequence[CustomerRow], contracts: Contracts | None
) -> None:
    """The body of the Save dialog. What is ticked there holds for the agreements shown there."""
    found = review(session.staged(), rows, contracts)
    shared = found.plan.shared
    words = SaveWords(
        row_heading=_("Customer"),
        lines=found.lines,
        consequences=found.consequences,
        problems=found.problems,
        conflicts=len(found.plan.conflicts),
        consents=[text(one) for one in services.customers.sharing_words(shared)],
        consent=_("Yes, these customers shall share an agreement."),
    )
    confirmed = [one.agreement_id for one in shared]
    draw_save(session, words, partial(_save, services, confirmed))


def _save(services: Services, confirmed: Sequence[int]) -> None:
    edits = session.staged().edits()
    try:
        result = services.customers.save(edits, by=who(), shared_confirmed=confirmed)
    except UsageSyncError as error:
        show_error(error)
        return
    refused = {conflict.key for conflict in result.conflicts}
    notice = ngettext("Saved {count} customer.", "Saved {count} customers.", len(result.saved))
    saved = {mapping.customer_id: CustomerBase.of(mapping) for mapping in result.saved}
    finish_save(session, saved, refused, notice)
