"""The adapter to AG Grid: what may and may not be in it."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from core.domain.models import CatalogEntry, ProductClass
from pages.components.grid import FIELDS, GridRow, _options, grid_frame
from pages.components.grid_assets import DIRECTORY, LIBRARY_FILES, library, read_asset
from pages.components.grid_catalog import pack
from pages.components.grid_columns import columns, locale_text
from pages.components.grid_labels import labels

SCRIPTS = sorted(DIRECTORY.rglob("*.js"))


def test_every_script_is_loaded() -> None:
    own = {path.name for path in SCRIPTS if path.parent == DIRECTORY}
    assert own == set(LIBRARY_FILES)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_html_of_text(script: object) -> None:
    source = script.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert way not in source


def test_the_scripts_use_only_labels_and_columns_that_exist() -> None:
    sources = "\n".join(read_asset(name) for name in LIBRARY_FILES)
    used = set(re.findall(r"\blabels\.(\w+)", sources))
    known = labels()
    assert used <= set(known)
    stated = {f"state_{state}" for state in ("unmapped", "active", "off", "stopped", "broken")}
    assert set(known) == used | stated


def test_the_scripts_read_only_fields_that_rows_have() -> None:
    sources = "\n".join(read_asset(name) for name in LIBRARY_FILES)
    used = set(re.findall(r"\bdata\.(\w+)", sources))
    fields_and_wrapping = {field.name for field in fields(GridRow)} | {"packed", "args", "type"}
    assert used <= fields_and_wrapping


def test_labels_are_handed_over_as_json() -> None:
    words = {"grid": 'a "quote" </script> \u2028 ::'}
    source = library(json.dumps(words))
    assert source.endswith(f"({json.dumps(words)})")


def test_an_empty_grid_still_has_its_columns() -> None:
    frame = grid_frame([])
    assert list(frame.columns) == ["code", "packed"]


def test_a_row_travels_whole() -> None:
    kinds = {"str": "naïve “text” 🚀", "bool": True, "float": 1.5}
    row = GridRow(**{field.name: kinds[str(field.type)] for field in fields(GridRow)})
    (packed,) = grid_frame([row])["packed"]
    assert dict(zip(FIELDS, json.loads(packed), strict=True)) == vars(row)


def test_the_options_do_not_change_from_run_to_run() -> None:
    view = json.dumps({"state": {"sort": {"sortModel": []}, "filter": None}, "quick": "x"})

    def drawn() -> str:
        return json.dumps(_options(labels(), "en", view), default=lambda code: code.js_code)

    assert drawn() == drawn()
    options = _options(labels(), "en", view)
    assert options["initialState"] == {"sort": {"sortModel": []}}
    assert options["quickFilterText"] == "x"


def test_no_column_needs_the_enterprise_modules() -> None:
    text = json.dumps(columns(), default=lambda code: code.js_code)
    for name in ("agSetColumnFilter", "agRichSelectCellEditor", "agMultiColumnFilter"):
        assert name not in text


def test_own_words_are_given_for_every_filter_option_in_use() -> None:
    known = locale_text()
    for column in columns():
        for option in column.get("filterParams", {}).get("filterOptions", []):
            assert option in known


def test_the_catalog_is_packed_by_columns() -> None:
    entries = [
        CatalogEntry(id=1, identifier="A", description="é", category="Soft"),
        CatalogEntry(id=2, identifier="B", description="<b>", category="", inactive=True),
        CatalogEntry(
            id=3, identifier="C", description="", category="Soft", product_class=ProductClass.BUNDLE
        ),
    ]
    assert json.loads(pack(entries)) == {
        "ids": [1, 2, 3],
        "identifiers": ["A", "B", "C"],
        "descriptions": ["é", "<b>", ""],
        "category_names": ["", "Soft"],
        "categories": [1, 0, 1],
        "flags": [0, 1, 2],
    }
