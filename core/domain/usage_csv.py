"""The vendor's usage file as CSV: usage without the API, for instance a file from the portal.

Columns carry the names of the API's fields (`productCode`), in any spelling of case, blanks and
underscores ("Product Code"), or the headings of the vendor's portal ("Total Quantity"). Needed are
the product code, the billable quantity and the customer: its tenant id, or else the name of exactly
one known customer, because the files of the portal have names only. A line with neither is a device
which is not assigned. A month is never taken from a file in part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from core.domain.csv_table import Record, Table, read_table
from core.domain.models import UsageLine
from core.domain.month import Month
from core.errors import InputError, Message, Problem, message

# Our field by the API's name for it; the names of the other fields follow the same pattern.
_WIRE_NAMES = {"account_name": "assignedAccountIdentifier"}

# Headings of the usage file in the vendor's portal, as users of it quote them.
_PORTAL_HEADINGS = {
    "startdate": "billing_start_date",
    "enddate": "billing_end_date",
    "enduseridentifier": "account_name",
    "totalquantity": "billable_quantity",
    "accountname": "account_name",
    "productname": "description",
}

_OPTIONAL_NUMBERS = (
    "actual_quantity",
    "ordered_quantity",
    "unit_price",
    "unit_msrp",
    "net_price",
    "price_with_taxes",
)
_NUMBERS = ("billable_quantity", *_OPTIONAL_NUMBERS)
_NULLABLE_TEXTS = ("account_id", "external_id")
_CUSTOMER = ("account_id", "account_name")

_GROUP_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{1,15}(?:,[0-9]{1,10})?")
_ISO_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-[0-9]{2})?(?:T.*)?")


def parse_usage(text: str, customers: Iterable[tuple[str, str]] = ()) -> tuple[UsageLine, ...]:
    """Read a whole file; raises InputError with every bad row, and then takes nothing.

    `customers` are the known ones, each as id and name; one that has had several names comes once
    for each.
    """
    table = read_table(text, _column, set(_COLUMNS.values()))
    missing = tuple(_missing_columns(table))
    if missing:
        raise _refused((*table.problems, *missing))
    ids = _ids_by_name(customers)
    rows = [_Row(table, record, ids) for record in table.records]
    lines = [line for row in rows if (line := row.line()) is not None]
    problems = [*table.problems, *(problem for row in rows for problem in row.problems)]
    if problems:
        raise _refused(sorted(problems, key=lambda problem: problem.row or 0))
    if not lines:
        raise InputError(
            message("The file has no usage."),
            remedy=message("Choose the vendor's usage file of a month with usage."),
        )
    return tuple(lines)


def months_of(lines: Iterable[UsageLine]) -> tuple[Month, ...]:
    """The months in which the billing of the lines starts, oldest first.

    Lines without a readable start date count for none.
    """
    found = map(month_of, lines)
    return tuple(sorted({month for month in found if month is not None}))


def month_of(line: UsageLine) -> Month | None:
    """The month in which the billing of a line starts, None where it cannot be read."""
    match = _ISO_MONTH.fullmatch(line.billing_start_date.strip())
    if match is None:
        return None
    try:
        return Month(int(match[1]), int(match[2]))
    except InputError:
        return None


def _simplified(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())


def _columns() -> dict[str, str]:
    """Simplified heading -> field: our name, the API's name, the portal's headings."""
    names = {_simplified(item.name): item.name for item in fields(UsageLine)}
    names |= {_simplified(wire): name for name, wire in _WIRE_NAMES.items()}
    names["productdescription"] = "description"
    return names | _PORTAL_HEADINGS


_COLUMNS = _columns()


def _column(heading: str) -> str:
    return _COLUMNS.get(_simplified(heading), "")


def _missing_columns(table: Table) -> Iterator[Problem]:
    for name, heading in (
        ("product_code", "productCode"),
        ("billable_quantity", "billableQuantity"),
    ):
        if name not in table.header:
            yield Problem(message("The column {name} is missing.", name=heading), name, 1)
    if not any(name in table.header for name in _CUSTOMER):
        yield Problem(message("The column {name} is missing.", name="accountId"), "account_id", 1)


def _refused(problems: Iterable[Problem]) -> InputError:
    found = tuple(problems)
    remedy = message("Correct the file and choose it again.")
    if any(problem.field == "account_name" for problem in found):
        remedy = message(
            "Add the column accountId with the customer's ID to the file, or refresh the customers "
            "on the page Customers where they are new. For what belongs to nobody, empty the name. "
            "Then choose the file again."
        )
    return InputError(message("The usage file was not taken."), found, remedy=remedy)


def _ids_by_name(customers: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for customer_id, name in customers:
        ids.setdefault(_compared(name), set()).add(customer_id)
    return ids


def _compared(name: str) -> str:
    return name.strip().casefold()


@dataclass
class _Row:
    """One record on its way to a line; collects everything that is wrong with it."""

    table: Table
    record: Record
    ids_by_name: Mapping[str, set[str]]
    problems: list[Problem] = field(default_factory=list)

    def line(self) -> UsageLine | None:
        values: dict[str, Any] = {item.name: self._value(item.name) for item in fields(UsageLine)}
        if values["account_id"] is None and values["account_name"]:
            values["account_id"] = self._customer(values["account_name"])
        if not values["product_code"]:
            self._problem("product_code", message("The product code is missing."))
        if not (self.table.cell(self.record, "billable_quantity") or "").strip():
            self._problem("billable_quantity", message("The billable quantity is missing."))
        return None if self.problems else UsageLine(**values)

    def _customer(self, name: str) -> str | None:
        """Who is called so. A name that is nobody's, or several customers', is never taken as a
        device of nobody: its customer would be billed nothing."""
        ids = self.ids_by_name.get(_compared(name), set())
        if len(ids) == 1:
            return next(iter(ids))
        told = message(
            "No customer “{name}” is known, and the line has no customer ID.", name=name[:60]
        )
        if ids:
            told = message(
                "{count} customers are called “{name}”, and the line has no customer ID.",
                count=len(ids),
                name=name[:60],
            )
        self._problem("account_name", told)
        return None

    def _value(self, name: str) -> str | Decimal | None:
        text = (self.table.cell(self.record, name) or "").strip()
        if name in _NUMBERS:
            return self._number(name, text)
        return (text or None) if name in _NULLABLE_TEXTS else text

    def _number(self, name: str, text: str) -> Decimal | None:
        if not text:
            return None
        plain = _GROUP_SPACES.sub("", text)
        # Only a file with semicolons comes from a place where the comma is the decimal sign.
        if self.table.delimiter == ";" and _DECIMAL_COMMA.fullmatch(plain):
            plain = plain.replace(",", ".")
        if _NUMBER.fullmatch(plain):
            return Decimal(plain)
        self._problem(name, message("“{text}” is not a number.", text=text[:60]))
        return None

    def _problem(self, name: str, text: Message) -> None:
        self.problems.append(Problem(text, name, self.record.row))
