"""Export and import are exact opposites, whatever vendor and partner call their products."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.models import CatalogEntry
from core.domain.month import Month
from core.domain.saving import MappingValues, RowEdit, code_problem
from core.services import Services

# Spreadsheets run what starts so, split at the others, and Windows has its own line ends.
AWKWARD = st.text("=+-@'\";,|\t\r\n\ufeff\u202e<&é😀 a1")
NAMES = st.one_of(st.text(), AWKWARD)
CODES = st.one_of(st.text(min_size=1, max_size=20), AWKWARD).filter(
    lambda code: code_problem(code) is None
)
ROWS = st.lists(
    st.tuples(CODES, NAMES, NAMES, NAMES, st.booleans(), st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row[0],
)


MONTH = Month(2026, 1)


def usage_file(rows: Sequence[tuple[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["productCode", "productDescription", "billableQuantity", "accountId"])
    writer.writerows([code, name, "1", "t1"] for code, name in rows)
    return out.getvalue()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_importing_what_was_exported_changes_nothing(
    services: Services, rows: list[tuple[str, str, str, str, bool, bool]]
) -> None:
    services.usage.import_file(usage_file([row[:2] for row in rows]), "ana", MONTH)
    edits = []
    known = services.store.mappings.all()
    for number, (code, _name, identifier, description, mapped, sync) in enumerate(rows, start=1):
        services.catalog.put(
            CatalogEntry(id=number, identifier=identifier, description=description)
        )
        stored = known.get(code)
        base = MappingValues.of(stored) if stored else MappingValues()
        wanted = MappingValues(number if mapped else None, sync)
        edits.append(RowEdit(code, stored.version if stored else 0, base, wanted))
    assert not services.mappings.save(edits, "ana").conflicts

    exported = services.mappings.export_csv().encode("utf-8-sig").decode("utf-8")
    parsed = services.mappings.parse_csv(exported)
    assert not parsed.problems
    stored_now = services.store.mappings.all()
    assert {row.key: row.values for row in parsed.rows} == {
        code: MappingValues.of(mapping) for code, mapping in stored_now.items()
    }
    assert services.mappings.check_csv(parsed) == ()
