"""Product mappings as CSV, see `row_csv`.

product_code            the Sophos product; required
connectwise_product_id  the ConnectWise product's ID, empty for unmapped; required
sync                    true or false; required
product_name, connectwise_identifier, connectwise_description, state
                        for the reader, ignored by an import
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.domain.models import MappingRow, ProductMapping
from core.domain.row_csv import Cells, Format, ImportedRows, id_cell, switch_cell
from core.domain.row_edits import RowBase, RowEdit
from core.domain.saving import MappingValues, code_problem
from core.errors import Message, message

REQUIRED_COLUMNS = ("product_code", "connectwise_product_id", "sync")
COLUMNS = (
    "product_code",
    "product_name",
    "connectwise_product_id",
    "connectwise_identifier",
    "connectwise_description",
    "sync",
    "state",
)


@dataclass(frozen=True)
class CsvImport(ImportedRows[MappingValues]):
    """What a mapping file says. With `problems`, nothing of it may be applied."""

    def edits(self, current: Mapping[str, ProductMapping]) -> tuple[RowEdit[MappingValues], ...]:
        """The rows that differ from the stored mappings, as edits of what is stored now.

        A code that is not stored yet counts as different: it is taken up and waits for usage.
        """

        def stored(code: str) -> RowBase[MappingValues] | None:
            mapping = current.get(code)
            return None if mapping is None else RowBase(MappingValues.of(mapping), mapping.version)

        return self.differing(stored, MappingValues())


def export_mappings(rows: Iterable[MappingRow]) -> str:
    """The CSV text, without a byte order mark."""
    return _FORMAT.write(map(_cells, rows))


def parse_mappings(text: str) -> CsvImport:
    """Read a file; every bad row is in `problems` with its number."""
    return CsvImport(**vars(_FORMAT.read(text)))


def _cells(row: MappingRow) -> tuple[str, ...]:
    return (
        row.mapping.product_code,
        row.product.description,
        id_cell(row.mapping.connectwise_product_id),
        "" if row.entry is None else row.entry.identifier,
        "" if row.entry is None else row.entry.description,
        switch_cell(row.mapping.sync),
        row.mapping.state.value,
    )


def _parse(cells: Cells) -> tuple[str, MappingValues]:
    code = cells.key("product_code", code_problem)
    product_id = cells.id("connectwise_product_id", _no_product_id)
    return code, MappingValues(product_id, cells.switch("sync"))


def _no_product_id(text: str) -> Message:
    return message("“{text}” is not a ConnectWise product ID.", text=text)


def _repeated(code: str, earlier: int) -> Message:
    return message(
        "The product code {code} is in line {earlier} already.", code=code, earlier=earlier
    )


_FORMAT = Format(COLUMNS, REQUIRED_COLUMNS, _parse, _repeated)
