"""The Sophos half of the demo world: tenants, and the billing report of each month."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.sandbox.demo_csv import Row, is_true, month_ends, month_name, read_rows

Record = dict[str, Any]

PARTNER_ID = "5f7f3a0e-5b0c-4a57-9c1d-7a3f0d2b9e10"
PARTNER_NAME = "Demo MSP"
ORGANIZATION_ID = "2c9a6d51-8e1f-4b0b-a2f7-3d1c5e7f9a24"

# The report's columns: complete months by their age, then the unfinished month.
COMPLETE_MONTHS = 14
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class _Description:
    """From `since` months ago on, a product code is called so."""

    since: int
    sku: str
    text: str


class SophosDemo:
    """Tenants and usage, the newest complete month being the last one before `today`."""

    def __init__(self, data_dir: Path, today: date) -> None:
        self.partner_id = PARTNER_ID
        self._columns = _month_columns(today)
        self._reports: dict[str, list[Record]] = {}
        self._rows = read_rows(data_dir / "usage.csv")
        self._products = {row["code"]: row for row in read_rows(data_dir / "sophos_products.csv")}
        self._descriptions = _descriptions(read_rows(data_dir / "sophos_descriptions.csv"))
        rows = read_rows(data_dir / "tenants.csv")
        self._customers = {row["id"]: row for row in rows}
        self.tenants = [self._tenant(row) for row in rows if is_true(row["listed"])]

    def months(self) -> list[str]:
        """All months with data, oldest first; the last one is unfinished."""
        return list(self._columns)

    def lines(self, month: str) -> list[Record] | None:
        """The report of a month, or None where there is none. The lines are the caller's own."""
        if month not in self._columns:
            return None
        if month not in self._reports:
            self._reports[month] = self._report(month, self._columns[month])
        return [dict(line) for line in self._reports[month]]

    def _report(self, month: str, column: str) -> list[Record]:
        rows = [row for row in self._rows if row[column]]
        totals = _order_totals(rows, column)
        lines = [self._line(row, month, column, part) for row in rows for part in _parts(row)]
        return [self._priced(line, totals) for line in lines]

    # ------------------------------------------------------------ tenants

    def _tenant(self, row: Row) -> Record:
        activated = is_true(row["activated"])
        region = row["region"]
        return {
            "id": row["id"],
            "showAs": row["name"],
            "name": row["name"],
            "dataGeography": row["geography"],
            "dataRegion": region,
            "billingType": row["billing_type"],
            "partner": {"id": PARTNER_ID},
            "organization": {"id": ORGANIZATION_ID},
            "apiHost": f"https://api-{region}.central.example" if activated else None,
            "status": row["status"],
            "managed": True,
            "contact": _tenant_contact(row),
            "products": [{"code": code} for code in self._codes_of(row)],
        }

    def _codes_of(self, row: Row) -> list[str]:
        if row["products"]:
            return row["products"].split()
        used = [usage["product_code"] for usage in self._rows if usage["tenant_id"] == row["id"]]
        return list(dict.fromkeys(used))

    # ------------------------------------------------------------ lines

    def _line(self, row: Row, month: str, column: str, part: int) -> Record:
        customer = self._customers.get(row["tenant_id"])
        product = self._products[row["product_code"]]
        description = self._description(row["product_code"], column)
        line = {
            "partnerAccountId": PARTNER_ID,
            "partnerEdiAccountNumber": "0000042",
            "partnerAccountName": PARTNER_NAME,
            **_period(row, month),
            # One order line per product and month: customers share it.
            "orderNumber": f"ORD-{month.replace('-', '')}",
            "orderLineItemNumber": f"LN-{month.replace('-', '')}-{product['code']}",
            "accountNumberOrSerialNumber": row["serial"]
            or (customer or {}).get("account_number", ""),
            "productDescription": description.text,
            "productGroup": product["group"],
            "sku": description.sku,
            "productCode": product["code"],
            **_quantities(row, column, part),
            **_account(row, customer),
            **_contact(customer),
        }
        return {name: value for name, value in line.items() if value is not None}

    def _description(self, code: str, column: str) -> _Description:
        age = -1 if column == "current" else int(column[1:])
        return next(known for known in self._descriptions[code] if known.since >= age)

    def _priced(self, line: Record, totals: dict[str, Decimal]) -> Record:
        """Add the prices. As on the real route, `netPrice` is of the whole order line."""
        product = self._products[line["productCode"]]
        price = Decimal(product["unit_price"])
        net = (totals[product["code"]] * price).quantize(_CENT)
        amounts = {
            "unitMsrp": product["unit_msrp"],
            "unitPrice": product["unit_price"],
            "netPrice": str(net),
            "priceWithTaxes": str((net * Decimal("1.2")).quantize(_CENT)),
        }
        currencies = {f"{name}Currency": product["currency"] for name in amounts}
        return {**line, **amounts, **currencies}


def load_sophos(data_dir: Path, today: date) -> SophosDemo:
    """The Sophos side as of a day."""
    return SophosDemo(data_dir, today)


def _month_columns(today: date) -> dict[str, str]:
    ages = range(COMPLETE_MONTHS - 1, -1, -1)
    columns = {month_name(today, -1 - age): f"m{age}" for age in ages}
    return {**columns, month_name(today, 0): "current"}


def _descriptions(rows: list[Row]) -> dict[str, list[_Description]]:
    """By code, newest first: the first one whose `since` reaches back far enough holds."""
    found: dict[str, list[_Description]] = {}
    for row in rows:
        since = int(row["since_months_ago"]) if row["since_months_ago"] else COMPLETE_MONTHS
        known = _Description(since, row["sku"], row["description"])
        found.setdefault(row["code"], []).append(known)
    return {code: sorted(known, key=lambda one: one.since) for code, known in found.items()}


def _order_totals(rows: list[Row], column: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        code = row["product_code"]
        totals[code] = totals.get(code, Decimal(0)) + Decimal(row[column])
    return totals


def _parts(row: Row) -> range:
    return range(int(row["lines"]))


def _quantities(row: Row, column: str, part: int) -> Record:
    """Billable, ordered and actual; the first of several lines takes what does not divide."""
    whole, count = Decimal(row[column]), int(row["lines"])
    share = whole // count
    billable = whole - share * (count - 1) if part == 0 else share
    first = part == 0
    return {
        "billableQuantity": billable,
        "orderedQuantity": int(row["ordered"]) if first else 0,
        "actualQuantity": billable + (int(row["actual_offset"]) if first else 0),
    }


def _period(row: Row, month: str) -> Record:
    start, end = month_ends(month)
    last = f"{month}-32" if row["quirk"] == "bad_end_date" else end.isoformat()
    return {"billingStartDate": start.isoformat(), "billingEndDate": last}


def _account(row: Row, customer: Row | None) -> Record:
    """Who is billed. A device without a customer has no `accountId`, and perhaps a name."""
    if customer is None:
        name = row["assigned_name"] or None
        return {"accountStatus": "active", "assignedAccountIdentifier": name}
    external = str(uuid.uuid5(uuid.UUID(customer["id"]), "external"))
    return {
        "accountId": customer["id"],
        "externalId": None if row["quirk"] == "no_external_id" else external,
        "accountStatus": customer["status"],
        "assignedAccountIdentifier": customer["name"],
    }


def _contact(customer: Row | None) -> Record:
    if customer is None:
        return {}
    return {
        "contactName": "IT department",
        "contactEmail": f"it@{customer['account_number'].lower()}.example",
        "contactStreet": "1 Example Street",
        "contactCity": customer["city"],
        "contactCountry": customer["country"],
        "contactZip": customer["zip"],
    }


def _tenant_contact(row: Row) -> Record:
    return {
        "firstName": "IT",
        "lastName": "department",
        "email": f"it@{row['account_number'].lower()}.example",
        "address": {
            "address1": "1 Example Street",
            "city": row["city"],
            "countryCode": row["country"],
            "postalCode": row["zip"],
        },
    }
