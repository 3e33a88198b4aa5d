"""Customer mappings as CSV, see `row_csv`.

customer_id             the Sophos tenant's ID; required
connectwise_company_id  the ConnectWise company's ID, empty for none; required
agreement_id            the ID of one of its agreements, empty for none; required
sync                    true or false; required
customer_name, billing_type, company_name, agreement_name, state
                        for the reader, ignored by an import
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.domain.customer_saving import CustomerBase, customer_problem
from core.domain.customers import CustomerValues
from core.domain.models import CustomerMapping, CustomerRow
from core.domain.row_csv import Cells, Format, ImportedRows, id_cell, switch_cell
from core.domain.row_edits import RowEdit
from core.errors import Message, message

REQUIRED_COLUMNS = ("customer_id", "connectwise_company_id", "agreement_id", "sync")
COLUMNS = (
    "customer_id",
    "customer_name",
    "billing_type",
    "connectwise_company_id",
    "company_name",
    "agreement_id",
    "agreement_name",
    "sync",
    "state",
)


@dataclass(frozen=True)
class CustomerImport(ImportedRows[CustomerValues]):
    """What a customer file says. With `problems`, nothing of it may be applied."""

    def edits(self, current: Mapping[str, CustomerMapping]) -> tuple[RowEdit[CustomerValues], ...]:
        """The rows that differ from the stored mappings, as edits of what is stored now.

        A customer that was never saved counts as one with nothing mapped and sync off: a file
        with all customers would otherwise save each of them.
        """

        def stored(customer_id: str) -> CustomerBase:
            mapping = current.get(customer_id)
            return CustomerBase() if mapping is None else CustomerBase.of(mapping)

        return self.differing(stored, CustomerValues())


def export_customers(rows: Iterable[CustomerRow]) -> str:
    """The CSV text, without a byte order mark."""
    return _FORMAT.write(map(_cells, rows))


def parse_customers(text: str) -> CustomerImport:
    """Read a file; every bad row is in `problems` with its number."""
    return CustomerImport(**vars(_FORMAT.read(text)))


def _cells(row: CustomerRow) -> tuple[str, ...]:
    return (
        row.mapping.customer_id,
        row.customer.name,
        row.customer.billing_type,
        id_cell(row.mapping.company_id),
        "" if row.company is None else row.company.name,
        id_cell(row.mapping.agreement_id),
        "" if row.agreement is None else row.agreement.name,
        switch_cell(row.mapping.sync),
        row.state.value,
    )


def _parse(cells: Cells) -> tuple[str, CustomerValues]:
    customer_id = cells.key("customer_id", customer_problem)
    company_id = cells.id("connectwise_company_id", _no_company_id)
    agreement_id = cells.id("agreement_id", _no_agreement_id)
    return customer_id, CustomerValues(company_id, agreement_id, cells.switch("sync"))


def _no_company_id(text: str) -> Message:
    return message("“{text}” is not a ConnectWise company ID.", text=text)


def _no_agreement_id(text: str) -> Message:
    return message("“{text}” is not a ConnectWise agreement ID.", text=text)


def _repeated(customer_id: str, earlier: int) -> Message:
    return message(
        "The customer {customer} is in line {earlier} already.",
        customer=customer_id,
        earlier=earlier,
    )


_FORMAT = Format(COLUMNS, REQUIRED_COLUMNS, _parse, _repeated)
