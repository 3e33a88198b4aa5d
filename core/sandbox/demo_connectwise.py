"""The ConnectWise half of the demo world: CSV rows become records in the shape of the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from core.sandbox.demo_agreements import addition, agreement
from core.sandbox.demo_catalog import lookups, product
from core.sandbox.demo_csv import Row, is_true, read_rows, wire_moment
from core.sandbox.demo_shapes import (
    Record,
    Records,
    by_name,
    company_reference,
    contact_id,
    info,
    reference,
)


def load_connectwise(data_dir: Path, today: date) -> dict[str, Records]:
    """All tables of the ConnectWise side, dates relative to `today`.

    References are `{id, name}` without `_info`; computed members (`agreementStatus`, `extPrice`)
    have the values of that day.
    """
    tables = lookups(read_rows(data_dir / "lookups.csv"), today)
    tables["catalog"] = _table(data_dir / "catalog.csv", lambda row: product(row, tables, today))
    tables["companies"] = _table(
        data_dir / "companies.csv", lambda row: _company(row, tables, today)
    )
    tables["contacts"] = _contacts(tables["companies"].values())
    tables["agreements"] = _table(
        data_dir / "agreements.csv", lambda row: agreement(row, tables, today)
    )
    tables["additions"] = _table(
        data_dir / "additions.csv", lambda row: addition(row, tables, today)
    )
    tables["audittrail"] = _table(data_dir / "audit.csv", lambda row: _audit_entry(row, today))
    return tables


def _table(path: Path, build: Callable[[Row], Record]) -> Records:
    """Records by id; rows without one are numbered."""
    rows = enumerate(read_rows(path), start=1)
    records = ({"id": number, **build(row)} for number, row in rows)
    return {record["id"]: record for record in records}


def _company(row: Row, tables: dict[str, Records], today: date) -> Record:
    return {
        "id": int(row["id"]),
        "identifier": row["identifier"],
        "name": row["name"],
        "status": by_name(tables["companyStatuses"], row["status"]),
        "types": [by_name(tables["companyTypes"], row["type"])],
        "city": row["city"],
        "zip": row["zip"],
        "country": {"id": 1 if row["country"] == "France" else 2, "name": row["country"]},
        "territory": reference(tables["locations"], row["location_id"]),
        "leadFlag": False,
        "unsubscribeFlag": False,
        "isVendorFlag": row["type"] == "Vendor",
        "deletedFlag": is_true(row["deleted"]),
        "_info": info(row, today),
    }


def _audit_entry(row: Row, today: date) -> Record:
    about = int(row["about_id"])
    return {
        "aboutType": row["about_type"],
        "aboutId": about,
        "text": row["text"],
        "enteredDate": wire_moment(int(row["days_ago"]), about, today),
        "enteredBy": row["entered_by"],
        "auditType": "Record",
        "auditSubType": row["sub_type"],
        "auditSource": "Client",
    }


def _contacts(companies: Iterable[Record]) -> Records:
    """One impersonal contact per company, since an agreement must have one."""
    return {
        contact_id(company["id"]): {
            "id": contact_id(company["id"]),
            "name": "Accounts department",
            "firstName": "Accounts",
            "lastName": "department",
            "company": company_reference(company),
        }
        for company in companies
    }
