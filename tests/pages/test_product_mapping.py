"""The page "Configure usage synchronization" over real services and the sandbox."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.models import CatalogEntry, CatalogItem, MappingState, ProductClass
from core.domain.saving import MappingValues, RowEdit
from core.errors import message
from core.services import Services
from pages.components import mapping_view
from pages.components.identity import system_user
from pages.components.problems import as_typed

PAGE = Path(__file__).resolve().parents[2] / "pages" / "product_mapping.py"
CODE, OTHER = "CIXA-MSP", "CMS-MSP"


def _page() -> None:
    """The page, after what the grid's frame would have sent."""
    import streamlit as st

    from pages.components.grid_events import parse_message
    from pages.components.mapping_grid import MAPPING_GRID
    from pages.components.mapping_session import session
    from pages.components.mapping_view import draw_mapping
    from pages.components.session import start

    services = start("Configure usage synchronization")
    saved = "mapping_notice" in st.session_state
    sent = st.session_state.pop("sent_after_save" if saved else "sent", None)
    if sent is not None:
        session.receive(services, parse_message(sent, MAPPING_GRID.staged))
    draw_mapping(services)


class Person:
    """Somebody at the page, signed in with `email` if any, with a grid that numbers its steps."""

    def __init__(self, email: str = "") -> None:
        self.page = AppTest.from_function(_page, default_timeout=30)
        if email:
            self.page.user = {"is_logged_in": True, "email": email}
        self.number = 0
        self.run()

    def run(self) -> None:
        self.page.run()
        assert not self.page.exception, [one.stack_trace for one in self.page.exception]
        own = [key for key in self.page.session_state.to_dict() if key.startswith("mapping_")]
        for key in own:
            pickle.dumps(self.page.session_state[key])

    def sends(self, *steps: dict[str, Any], selected: tuple[str, ...] = (), **more: Any) -> None:
        numbered = []
        for step in steps:
            self.number += 1
            numbered.append({"number": self.number, **step})
        self.page.session_state["sent"] = {"steps": numbered, "selected": list(selected), **more}
        self.run()

    def stages(self, code: str, field: str, value: Any) -> None:
        self.sends({"kind": "stage", "code": code, "field": field, "value": value})

    def presses(self, key: str) -> None:
        self.page.button(key=key).click()
        self.run()

    def sees(self, words: str) -> bool:
        kinds = ("markdown", "caption", "info", "warning", "error", "success", "text", "toast")
        return any(words in one.value for kind in kinds for one in self.page.get(kind))

    @property
    def drawn(self) -> bytes:
        """The grid as it is sent, rows and all."""
        instances = self.page.get("component_instance")
        (grid,) = [one for one in instances if "aggrid" in one.proto.component_name.lower()]
        return bytes(grid.proto.SerializeToString())

    @property
    def grid(self) -> dict[str, Any]:
        grids = [
            json.loads(one.proto.json_args)
            for one in self.page.get("component_instance")
            if "aggrid" in one.proto.component_name.lower()
        ]
        assert len(grids) == 1
        return grids[0]


@pytest.fixture
def person(filled_services: Services) -> Person:
    return Person()


@pytest.fixture
def products(filled_services: Services) -> list[CatalogEntry]:
    """Products that may be mapped."""
    return [
        entry
        for entry in filled_services.catalog.entries()
        if not entry.inactive and entry.product_class is not ProductClass.BUNDLE
    ]


def save(services: Services, code: str, product_id: int | None, sync: bool) -> None:
    stored = services.store.mappings.all()[code]
    wanted = MappingValues(product_id, sync)
    edit = RowEdit(code, stored.version, MappingValues.of(stored), wanted)
    services.mappings.save([edit], by="Somebody else")


def stored(services: Services, code: str) -> tuple[int | None, bool, MappingState]:
    mapping = services.store.mappings.all()[code]
    return mapping.connectwise_product_id, mapping.sync, mapping.state


def test_the_page_itself_runs(filled_services: Services) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception
    assert page.title[0].value == "Configure usage synchronization"


def test_an_empty_store_says_what_to_do(page_services: Services) -> None:
    person = Person()
    assert person.sees("There are no Sophos products yet.")
    person.presses("mapping_first_refresh")
    page_services.jobs.wait(60)
    person.run()
    assert person.grid
    assert page_services.catalog.refreshed_at() is not None


def test_a_staged_mapping_is_saved_after_the_review(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    person.stages(CODE, "product", products[0].id)
    person.stages(CODE, "sync", True)
    assert person.sees("2 unsaved changes")
    assert stored(filled_services, CODE) == (None, False, MappingState.UNMAPPED)
    person.presses("mapping_save")
    assert person.sees(as_typed(f"ConnectWise product: none → {products[0].identifier}"))
    assert person.sees(as_typed("Sync switch: Off → On"))
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE) == (products[0].id, True, MappingState.ACTIVE)
    assert not person.sees("unsaved change")


def test_what_is_done_before_the_saved_rows_are_drawn_is_kept(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    person.stages(CODE, "product", products[0].id)
    person.stages(CODE, "sync", True)
    person.presses("mapping_save")
    again_off = {"kind": "stage", "code": CODE, "field": "sync", "value": False, "number": 99}
    person.page.session_state["sent_after_save"] = {"steps": [again_off]}
    person.presses("mapping_save_now")
    assert person.sees("1 unsaved change")
    assert not person.sees("changed by somebody else")
    person.presses("mapping_save")
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE) == (products[0].id, False, MappingState.OFF)


def test_changing_a_product_while_sync_is_on_is_told_before_it_stops(
    filled_services: Services, products: list[CatalogEntry]
) -> None:
    save(filled_services, CODE, products[0].id, True)
    person = Person()
    person.stages(CODE, "product", products[1].id)
    person.presses("mapping_save")
    assert person.sees("will stop")
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE)[2] is MappingState.STOPPED


def test_a_product_that_cannot_be_billed_is_refused_with_the_reason(
    person: Person, filled_services: Services
) -> None:
    inactive = next(entry for entry in filled_services.catalog.entries() if entry.inactive)
    person.stages(CODE, "product", inactive.id)
    person.stages(OTHER, "product", 999_999)
    person.presses("mapping_save")
    assert person.sees("is inactive")
    assert person.sees("there is no ConnectWise product with the ID")
    assert person.page.button(key="mapping_save_now").disabled


def test_discard_asks_first_and_can_be_undone(person: Person) -> None:
    person.stages(CODE, "sync", True)
    person.presses("mapping_discard")
    assert person.sees("Drop 1 unsaved change?")
    person.presses("mapping_discard_yes")
    assert not person.sees("1 unsaved change")
    person.presses("mapping_undo")
    assert person.sees("1 unsaved change")
    person.presses("mapping_undo")
    person.presses("mapping_redo")
    assert person.sees("1 unsaved change")


def test_many_changes_are_looked_through_in_a_table_that_scrolls(
    person: Person, filled_services: Services
) -> None:
    codes = tuple(row.mapping.product_code for row in filled_services.mappings.rows())
    assert len(codes) > 20
    person.sends(selected=codes)
    person.presses("mapping_bulk_on")
    person.presses("mapping_save")
    assert len(person.page.dataframe[0].value) == len(codes)


def test_the_selection_is_switched_as_one_step(person: Person) -> None:
    assert person.page.button(key="mapping_bulk_on").disabled
    person.sends(selected=(CODE, OTHER))
    assert person.sees("2 rows selected")
    person.presses("mapping_bulk_on")
    assert person.sees("2 unsaved changes")
    person.presses("mapping_undo")
    assert not person.sees("unsaved change")


def test_somebody_elses_save_is_shown_and_mine_can_be_kept(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    mine, theirs = products[0].id, products[1].id
    person.stages(CODE, "product", mine)
    save(filled_services, CODE, theirs, False)
    person.run()
    assert person.sees("changed by somebody else")
    assert person.sees("Saved by Somebody else")
    person.presses(f"mapping_mine_{CODE}")
    assert not person.sees("changed by somebody else")
    person.presses("mapping_save")
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE)[0] == mine


def plain(line: str) -> str:
    """A line of Markdown as it is read."""
    return line.strip("*").removeprefix(":gray[").removesuffix("]").replace("\\", "")


def conflict_cells(person: Person) -> list[list[str]]:
    """The panel of a row in conflict: of each cell its name, who changed it, and the values."""
    boxes = [box.value.split("  \n") for box in person.page.markdown if "  \n" in box.value]
    lines = [plain(line) for box in boxes for line in box]
    return [lines[first : first + 8] for first in range(0, len(lines), 8)]


def test_a_conflict_shows_only_what_either_changed_and_says_who(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    mine, theirs = products[0], products[1]
    person.stages(CODE, "product", mine.id)
    save(filled_services, CODE, theirs.id, False)
    person.run()
    headings = ["When you began", "Theirs (saved)", "Mine (unsaved)"]

    def told(name: str, who: str, *values: str) -> list[str]:
        beside = [word for pair in zip(headings, values, strict=True) for word in pair]
        return [name, who, *beside]

    first, second = mine.identifier, theirs.identifier
    both = "changed by you and Somebody else"
    assert conflict_cells(person) == [told("ConnectWise product", both, "none", second, first)]
    person.presses(f"mapping_mine_{CODE}")
    person.stages(CODE, "product", None)
    person.stages(CODE, "product", theirs.id)
    person.stages(CODE, "sync", True)
    save(filled_services, CODE, None, False)
    person.run()
    assert conflict_cells(person) == [
        told("ConnectWise product", "changed by Somebody else", second, "none", "unchanged"),
        told("Sync switch", "changed by you", "Off", "unchanged", "On"),
    ]


def test_theirs_can_be_kept(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    person.stages(CODE, "product", products[0].id)
    person.stages(OTHER, "product", products[0].id)
    save(filled_services, CODE, products[1].id, False)
    person.run()
    person.presses(f"mapping_theirs_{CODE}")
    assert person.sees("1 unsaved change")
    person.presses("mapping_save")
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE)[0] == products[1].id
    assert stored(filled_services, OTHER)[0] == products[0].id


def test_a_save_leaves_rows_in_conflict_staged(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    person.stages(CODE, "product", products[0].id)
    person.stages(OTHER, "product", products[0].id)
    person.presses("mapping_save")
    save(filled_services, CODE, products[1].id, False)
    person.presses("mapping_save_now")
    assert stored(filled_services, OTHER)[0] == products[0].id
    assert stored(filled_services, CODE)[0] == products[1].id
    assert person.sees("1 unsaved change")
    assert person.sees("changed by somebody else")


def test_a_pasted_csv_becomes_staged_edits(
    person: Person, filled_services: Services, products: list[CatalogEntry]
) -> None:
    lines = [
        "product_code;connectwise_product_id;sync",
        f"{CODE};{products[0].id};vrai",
        "NOT-SEEN-YET;" + f"{products[1].id};false",
    ]
    person.presses("mapping_import")
    person.page.text_area(key="mapping_import_text").input("\n".join(lines))
    person.run()
    assert person.sees("2 products would change.")
    person.presses("mapping_import_stage")
    assert person.sees("3 unsaved changes")
    assert stored(filled_services, CODE) == (None, False, MappingState.UNMAPPED)


def test_an_unseen_code_with_nothing_in_it_is_no_change(
    person: Person, products: list[CatalogEntry]
) -> None:
    lines = [
        "product_code,connectwise_product_id,sync",
        f"{CODE},{products[0].id},false",
        "NOT-SEEN-YET,,false",
    ]
    person.presses("mapping_import")
    person.page.text_area(key="mapping_import_text").input("\n".join(lines))
    person.run()
    assert person.sees("1 product would change.")
    person.presses("mapping_import_stage")
    assert person.sees("1 unsaved change")


def test_products_are_added_for_the_selected_rows_that_have_none(
    person: Person, products: list[CatalogEntry], filled_services: Services
) -> None:
    save(filled_services, OTHER, products[0].id, False)
    person.sends(selected=(CODE, OTHER))
    person.presses("mapping_add")
    assert person.sees("1 selected row has a ConnectWise product already and is left out.")
    assert [box.key for box in person.page.text_input if str(box.key).endswith("_identifier")] == [
        f"product_add_{CODE}_identifier"
    ]
    person.presses("product_add_cancel")
    person.sends(selected=(OTHER,))
    person.presses("mapping_add")
    assert person.sees("Every selected row has a ConnectWise product already.")
    assert not [box for box in person.page.text_input if "product_add" in str(box.key)]


def test_a_csv_with_bad_rows_stages_nothing_and_names_each(person: Person) -> None:
    lines = ["product_code,connectwise_product_id,sync", f"{CODE},abc,true", f"{OTHER},,maybe"]
    person.presses("mapping_import")
    person.page.text_area(key="mapping_import_text").input("\n".join(lines))
    person.run()
    assert person.sees("Line 2")
    assert person.sees("Line 3")
    assert person.page.button(key="mapping_import_stage").disabled
    person.presses("mapping_import_back")
    assert not person.sees("unsaved change")


def test_the_plus_icon_opens_the_form_with_what_was_typed(person: Person) -> None:
    person.sends({"kind": "add", "code": CODE, "text": "My own bundle"})
    assert any(box.value == "My own bundle" for box in person.page.text_input)


def test_the_details_icon_shows_the_product(person: Person, products: list[CatalogEntry]) -> None:
    person.sends({"kind": "view", "code": CODE, "text": str(products[0].id)})
    shown = [*person.page.markdown, *person.page.text, *person.page.subheader]
    assert any(products[0].identifier in one.value.replace("\\", "") for one in shown)


def test_the_history_of_a_row_is_shown(
    filled_services: Services, products: list[CatalogEntry]
) -> None:
    save(filled_services, CODE, products[0].id, True)
    person = Person()
    person.sends({"kind": "history", "code": CODE})
    table = person.page.dataframe[0].value
    assert "Somebody else" in set(table["Who"])
    assert products[0].identifier in set(table["After"])


def test_what_is_saved_while_the_page_is_drawn_is_on_the_next_one(
    filled_services: Services, products: list[CatalogEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was drawn before must not be kept under the version of what was saved meanwhile."""
    draw = mapping_view.draw_above_grid

    def save_meanwhile(*given: Any) -> None:
        monkeypatch.setattr(mapping_view, "draw_above_grid", draw)
        save(filled_services, CODE, chosen.id, True)
        draw(*given)

    suggestions = [row.suggestion for row in filled_services.mappings.rows()]
    suggested = {one.connectwise_product_id for one in suggestions if one is not None}
    chosen = next(entry for entry in products if entry.id not in suggested)
    monkeypatch.setattr(mapping_view, "draw_above_grid", save_meanwhile)
    person = Person()
    assert chosen.identifier.encode() not in person.drawn
    person.run()
    assert chosen.identifier.encode() in person.drawn


def test_the_chip_narrows_the_rows_and_is_remembered(
    filled_services: Services, products: list[CatalogEntry]
) -> None:
    save(filled_services, CODE, products[0].id, True)
    person = Person("ana@example.com")
    pills = person.page.get("button_group")[0]
    pills.set_value("mapped")
    person.run()
    again = Person("ana@example.com")
    assert again.page.session_state["mapping_show"] == "mapped"


def test_a_link_from_the_overview_turns_a_chip_on(filled_services: Services) -> None:
    person = Person()
    person.page.query_params["show"] = "unmapped"
    person.run()
    assert person.page.session_state["mapping_show"] == "unmapped"


def test_the_view_is_kept_for_the_next_session_but_not_changed_under_the_grid(
    filled_services: Services,
) -> None:
    person = Person("ana@example.com")
    before = person.grid["gridOptions"]["initialState"]
    view = {"state": {"columnSizing": {"columnSizingModel": []}}, "quick": "mdr"}
    person.sends(view=view)
    assert person.grid["gridOptions"]["initialState"] == before
    assert Person("ana@example.com").grid["gridOptions"]["quickFilterText"] == "mdr"


def test_the_catalog_is_sent_until_the_browser_has_it(
    person: Person, filled_services: Services
) -> None:
    def packed() -> str:
        sent = [
            json.loads(one.proto.json_args)
            for one in person.page.get("component_instance")
            if one.proto.component_name.endswith("catalog")
        ]
        return str(sent[0]["packed"])

    assert len(json.loads(packed())["ids"]) == len(filled_services.catalog.entries())
    person.sends(catalog=filled_services.catalog.version())
    assert packed() == ""


def created(services: Services, code: str) -> CatalogItem:
    """What Apply leaves when the browser is reloaded before its row learns of it."""
    wanted = services.products.prefill(code)
    creations, by = services.products.creations, system_user()
    creations.begin(by, {code: wanted.identifier})
    item = services.products.create(wanted)
    creations.made(by, code, item)
    return item


def test_a_product_created_before_a_reload_is_offered_for_its_row(
    filled_services: Services,
) -> None:
    item = created(filled_services, CODE)
    person = Person()
    assert person.sees("and it is in no row yet")
    person.presses("product_offers_stage")
    assert person.sees("1 unsaved change")
    assert not person.sees("and it is in no row yet")
    assert stored(filled_services, CODE)[0] is None, "only Save maps"
    assert Person().sees("and it is in no row yet"), "another reload loses what is not saved"
    person.presses("mapping_save")
    person.presses("mapping_save_now")
    assert stored(filled_services, CODE)[0] == item.id
    assert not Person().sees("and it is in no row yet")
    assert filled_services.products.creations.of(system_user()) == ()


def test_a_created_product_that_is_left_out_is_not_offered_again(filled_services: Services) -> None:
    created(filled_services, CODE)
    person = Person()
    person.presses("product_offers_decline")
    assert not person.sees("and it is in no row yet")
    assert not person.sees("unsaved change")
    assert not Person().sees("and it is in no row yet")


def test_what_is_still_being_created_and_what_failed_is_told_after_a_reload(
    filled_services: Services,
) -> None:
    creations = filled_services.products.creations
    creations.begin(system_user(), {CODE: "Sophos_*1", OTHER: "Sophos_2"})
    creations.failed(system_user(), OTHER, message("ConnectWise is down."), None)
    person = Person()
    assert person.sees("Being created in ConnectWise")
    assert person.sees("Sophos\\_\\*1…")
    assert person.sees("was not created for")
    assert person.sees("ConnectWise is down")
    person.presses(f"product_offers_close_{OTHER}")
    assert not person.sees("was not created for")
