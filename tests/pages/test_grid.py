"""The adapter to AG Grid: what may and may not be in it."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from core.domain.models import (
    AgreementStatus,
    CatalogEntry,
    CustomerState,
    MappingState,
    ProductClass,
)
from pages.components import customer_grid
from pages.components.customer_grid import CUSTOMER_GRID
from pages.components.grid import GridKind, GridRow, _options, grid_frame, packed_row
from pages.components.grid_assets import (
    DIRECTORY,
    FIRST_FILES,
    LAST_FILES,
    library,
    read_asset,
)
from pages.components.grid_columns import locale_text
from pages.components.mapping_grid import MAPPING_GRID, pack
from tests.domain.customer_samples import agreement, company, contracts

KINDS = {"mapping": MAPPING_GRID, "customers": CUSTOMER_GRID}
STATES = {"mapping": MappingState, "customers": CustomerState}
SCRIPTS = sorted(DIRECTORY.rglob("*.js"))

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def sources(kind: GridKind) -> str:
    return "\n".join(read_asset(name) for name in (*FIRST_FILES, kind.script, *LAST_FILES))


def a_row(kind: GridKind) -> GridRow:
    values = {"str": "naïve “text” 🚀", "bool": True, "float": 1.5}
    return kind.row(**{field.name: values[str(field.type)] for field in fields(kind.row)})


def test_every_script_is_loaded() -> None:
    own = {path.name for path in SCRIPTS if path.parent == DIRECTORY}
    pages = {kind.script for kind in KINDS.values()}
    assert own == {*FIRST_FILES, *pages, *LAST_FILES}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_html_of_text(script: object) -> None:
    source = script.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert way not in source


@pytest.mark.parametrize("name", KINDS)
def test_the_scripts_use_only_labels_that_exist(name: str) -> None:
    source = sources(KINDS[name])
    used = set(re.findall(r"\blabels\.(\w+)", source))
    words = set(re.findall(r"\bwords\((?:[^()]*\? )?\"(\w+)\"(?: : \"(\w+)\")?\)", source))
    asked = {word for pair in words for word in pair if word}
    # An editor may have words of its own, under a prefix.
    prefixes = re.findall(r"labels\[`(\w+_)\$\{name\}`\]", read_asset(KINDS[name].script))
    own = {f"{prefix}{word}" for prefix in prefixes for word in asked}
    stated = {f"state_{state}" for state in STATES[name]}
    known = set(KINDS[name].labels())
    assert used | asked | stated <= known
    assert known <= used | asked | stated | own


@every_kind
def test_the_scripts_read_only_fields_that_rows_have(kind: GridKind) -> None:
    used = set(re.findall(r"\bdata\.(\w+)", sources(kind)))
    assert used <= {*kind.fields, "seen", "packed"}


@every_kind
def test_the_scripts_install_what_the_columns_use(kind: GridKind) -> None:
    options = json.dumps(kind.columns(), default=lambda code: code.js_code)
    own = read_asset(kind.script)
    for name in re.findall(r"usageSyncGrid\.values\.(\w+)", options):
        assert re.search(rf"\b{name}:", sources(kind)), name
    for name in re.findall(r'"cell(?:Renderer|Editor)": "(\w+)"', options):
        assert f"{name}:" in sources(kind), name
    staged = re.search(r"fields: \{(.*?)\n  \}", own, re.S)
    assert staged is not None
    assert set(kind.staged) == set(re.findall(r"^    (\w+):", staged[1], re.M))


def test_labels_are_handed_over_as_json() -> None:
    words = {"grid": 'a "quote" </script> \u2028 ::'}
    source = library(json.dumps(words), "mapping.js")
    assert source.endswith(f"({json.dumps(words)})")


def test_an_empty_grid_still_has_its_columns() -> None:
    frame = grid_frame({}, 0)
    assert list(frame.columns) == ["code", "seen", "packed"]


@every_kind
def test_a_row_travels_whole(kind: GridKind) -> None:
    row = a_row(kind)
    frame = grid_frame({"A": packed_row(row)}, 1_795_000_000_001)
    assert (frame["code"][0], frame["seen"][0]) == ("A", 1_795_000_000_001)
    assert dict(zip(kind.fields, json.loads(frame["packed"][0]), strict=True)) == vars(row)


@every_kind
def test_the_options_do_not_change_from_run_to_run(kind: GridKind) -> None:
    view = json.dumps({"state": {"sort": {"sortModel": []}, "filter": None}, "quick": "x"})

    def drawn() -> str:
        return json.dumps(_options(kind, "en", view), default=lambda code: code.js_code)

    assert drawn() == drawn()
    options = _options(kind, "en", view)
    assert options["initialState"] == {"sort": {"sortModel": []}}
    assert options["quickFilterText"] == "x"


@every_kind
def test_no_column_needs_the_enterprise_modules(kind: GridKind) -> None:
    text = json.dumps(kind.columns(), default=lambda code: code.js_code)
    for name in ("agSetColumnFilter", "agRichSelectCellEditor", "agMultiColumnFilter"):
        assert name not in text


@every_kind
def test_own_words_are_given_for_every_filter_option_in_use(kind: GridKind) -> None:
    known = locale_text(kind.no_rows())
    for column in kind.columns():
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


def test_companies_are_packed_with_their_active_agreements() -> None:
    known = contracts(
        company(1, "One"),
        company(2, "Two"),
        company(3, "Gone", deleted=True),
        agreement(11, 1, name="é"),
        agreement(12, 1, status=AgreementStatus.EXPIRED),
        agreement(31, 3),
    )
    assert json.loads(customer_grid.pack(known)) == {
        "ids": [1, 2],
        "identifiers": ["One", "Two"],
        "descriptions": ["C1", "C2"],
        "category_names": [""],
        "categories": [0, 0],
        "flags": [0, 1],
        "agreements": [[1, 11, "é", "Managed", "2026-01-01", "", "2026-12-01", True]],
    }
