"""Companies and their agreements: who is billed, and on what."""

from __future__ import annotations

from collections.abc import Iterable

from core.clients import connectwise_parsing as parsing
from core.clients.conditions import all_of, containing, with_ids
from core.clients.connectwise_additions import AGREEMENTS
from core.clients.connectwise_catalog import has_text
from core.clients.connectwise_lists import Calls, Progress
from core.clients.connectwise_parsing import AGREEMENT_FIELDS
from core.clients.paging import PAGE_SIZE
from core.domain.models import Agreement, BillingCycle, Company

COMPANIES = "/company/companies"
BILLING_CYCLES = "/finance/billingCycles"
_COMPANY_FIELDS = "id,identifier,name,status/name,deletedFlag"


class AgreementCalls(Calls):
    """The calls of `ConnectWise` that are about companies and agreements."""

    def companies(self, search: str = "") -> list[Company]:
        """Companies that are not deleted, by id; with `search`, those with it in name or id."""
        wanted = " ".join(search.split())
        text = containing(("name", "identifier"), wanted).text if wanted else ""
        query = {"conditions": all_of("deletedFlag=false", text), "fields": _COMPANY_FIELDS}
        records = self._lists.all(COMPANIES, "company", parsing.company, query)
        return [
            company
            for company in records
            if not company.deleted and has_text(wanted, company.name, company.identifier)
        ]

    def all_companies(self, progress: Progress | None = None) -> list[Company]:
        """Every company, deleted ones included, by id: an agreement may still name one."""
        query = {"fields": _COMPANY_FIELDS}
        return self._lists.all(COMPANIES, "company", parsing.company, query, progress=progress)

    def billing_cycles(self) -> list[BillingCycle]:
        """Every billing cycle by id, also those that no new agreement may take."""
        query = {"fields": "id,name,billingOptions"}
        return self._lists.all(BILLING_CYCLES, "billing cycle", parsing.billing_cycle, query)

    def agreements(self, company_id: int) -> list[Agreement]:
        """All agreements of a company, of every status, by id."""
        query = {"conditions": f"company/id={company_id}"}
        records = self._lists.all(AGREEMENTS, "agreement", parsing.agreement, query)
        return [agreement for agreement in records if agreement.company.id == company_id]

    def all_agreements(self, progress: Progress | None = None) -> list[Agreement]:
        """Every agreement, of every status, by id."""
        query = {"fields": AGREEMENT_FIELDS}
        return self._lists.all(AGREEMENTS, "agreement", parsing.agreement, query, progress=progress)

    def agreements_by_id(
        self, ids: Iterable[int], total: int | None = None
    ) -> dict[int, Agreement]:
        """The agreements with these ids, by id; those that were deleted are left out.

        `total`, where it is known, is about how many agreements there are: reading all of them
        may take fewer requests than naming many.
        """
        wanted = frozenset(ids)
        queries = with_ids(wanted)
        if total and len(queries) > -(-total // PAGE_SIZE):
            found = self.all_agreements()
        else:
            found = [each for conditions in queries for each in self._agreements(conditions)]
        return {each.id: each for each in found if each.id in wanted}

    def _agreements(self, conditions: str) -> list[Agreement]:
        query = {"conditions": conditions, "fields": AGREEMENT_FIELDS}
        return self._lists.all(AGREEMENTS, "agreement", parsing.agreement, query)
