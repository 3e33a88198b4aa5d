"""What the customers page remembers of one session."""

from __future__ import annotations

from functools import partial

from core.domain.customer_saving import AGREEMENT, COMPANY, CustomerBase
from core.domain.customers import Contracts, CustomerValues, choose_company
from core.domain.row_edits import CellEdit, RowBase
from core.domain.row_staging import StagedEdits
from core.services import Services
from pages.components.customer_filters import Show
from pages.components.grid_events import GridMessage, Step
from pages.components.grid_session import CUSTOMERS, GridSession

Staged = StagedEdits[CustomerValues]


class CustomerSession(GridSession[CustomerValues, Show]):
    """Choosing a company moves the agreement too, as one step."""

    def receive(self, services: Services, message: GridMessage) -> None:
        """Take a message of the grid."""
        self.take(services, message, partial(stage, contracts=services.customers.contracts()))


def stage(
    staged: Staged, step: Step, base: RowBase[CustomerValues], *, contracts: Contracts | None
) -> Staged:
    """What a step in the grid makes of the staged edits."""
    if step.field != COMPANY:
        return staged.stage(step.code, str(step.field), step.value, base)
    before = staged.wanted(step.code) or base.values
    values = choose_company(before, step.value, contracts)
    return staged.stage_many(
        [
            CellEdit(step.code, COMPANY, values.company_id, base),
            CellEdit(step.code, AGREEMENT, values.agreement_id, base),
        ]
    )


session = CustomerSession(CUSTOMERS, Show, CustomerBase())
