"""The customers page over real services and the sandbox."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.customer_saving import CustomerBase
from core.domain.customers import CustomerValues
from core.domain.models import CustomerRow, CustomerState
from core.domain.row_edits import RowEdit
from core.sandbox.server import Sandbox
from core.services import Services
from pages.components import customer_view
from pages.components.identity import system_user

PAGE = Path(__file__).resolve().parents[2] / "pages" / "customers.py"
# Of the demo world: two customers with a company of nearly their name and one active agreement.
BAKERY, LAWYERS = "8a11ee42-ebd2-5cfa-b0bb-50196f207b40", "9ed7d5ab-b351-59e3-bf16-b4ae1e209d79"
BAKERY_COMPANY, BAKERY_AGREEMENT = 250, 31
LAWYERS_COMPANY, LAWYERS_AGREEMENT = 251, 32
# One whose company has two active agreements, and one that only usage names.
CLINIC, CLINIC_COMPANY, CLINIC_AGREEMENT = "0b8dd9c2-d30d-59c1-91ac-f9b3a6e76ae4", 256, 38
FORMER, TERM = "c0c96f91-9a36-514e-b883-a205c0ae3ce8", "cde93f60-6944-5eff-876c-9e125a769d60"
BAKED = CustomerValues(BAKERY_COMPANY, BAKERY_AGREEMENT, sync=True)


def _page() -> None:
    """The page, after what the grid's frame would have sent."""
    import streamlit as st

    from pages.components.customer_grid import CUSTOMER_GRID
    from pages.components.customer_session import session
    from pages.components.customer_view import draw_customers
    from pages.components.grid_events import parse_message
    from pages.components.session import start

    services = start("Customers")
    sent = st.session_state.pop("sent", None)
    if sent is not None:
        session.receive(services, parse_message(sent, CUSTOMER_GRID.staged))
    draw_customers(services)


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
        own = [key for key in self.page.session_state.to_dict() if key.startswith("customers_")]
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
        shown = [one.value.replace("\\", "") for kind in kinds for one in self.page.get(kind)]
        return any(words in one for one in shown)

    @property
    def grid(self) -> dict[str, Any]:
        (grid,) = [
            json.loads(one.proto.json_args)
            for one in self.page.get("component_instance")
            if "aggrid" in one.proto.component_name.lower()
        ]
        return grid

    @property
    def catalog(self) -> dict[str, Any]:
        (sent,) = [
            json.loads(one.proto.json_args)
            for one in self.page.get("component_instance")
            if one.proto.component_name.endswith("catalog")
        ]
        return sent


@pytest.fixture
def known_services(filled_services: Services) -> Services:
    """With usage, products, customers, companies and agreements."""
    filled_services.customers.refresh()
    return filled_services


@pytest.fixture
def person(known_services: Services) -> Person:
    return Person()


def row_of(services: Services, customer_id: str) -> CustomerRow:
    return next(r for r in services.customers.rows() if r.mapping.customer_id == customer_id)


def save(services: Services, customer_id: str, wanted: CustomerValues) -> None:
    base = CustomerBase.of(row_of(services, customer_id).mapping)
    edit = RowEdit(customer_id, base.version, base.values, wanted)
    services.customers.save([edit], "Somebody else")


def stored(services: Services, customer_id: str) -> CustomerValues:
    return CustomerValues.of(row_of(services, customer_id).mapping)


def changes(person: Person) -> list[str]:
    """What the Save dialog lists, cell by cell."""
    (listed,) = [box.value for box in person.page.markdown if "→" in box.value]
    lines = listed.replace("\\", "").splitlines()
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")]


def test_the_page_itself_runs(known_services: Services) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception
    assert page.title[0].value == "Customers"


def test_an_empty_store_says_what_to_do(page_services: Services) -> None:
    person = Person()
    assert person.sees("There are no customers yet.")
    person.presses("customers_first_refresh")
    page_services.jobs.wait(60)
    person.run()
    assert person.grid
    assert len(page_services.customers.rows()) == 63


def test_customers_from_usage_are_shown_before_anything_was_read(
    filled_services: Services,
) -> None:
    person = Person()
    assert person.sees("have not been read from ConnectWise yet")
    assert person.grid


def test_a_staged_company_brings_its_only_agreement_and_is_saved_after_the_review(
    person: Person, known_services: Services
) -> None:
    person.stages(BAKERY, "company", BAKERY_COMPANY)
    assert person.sees("2 unsaved changes")
    person.stages(BAKERY, "sync", True)
    assert person.sees("3 unsaved changes")
    assert stored(known_services, BAKERY) == CustomerValues()
    person.presses("customers_save")
    assert changes(person) == [
        "ConnectWise company: none → BOULANGERIE VERMASSE SARL",
        "Agreement: none → Sécurité managée",
        "Sync switch: Off → On",
    ]
    person.presses("customers_save_now")
    assert stored(known_services, BAKERY) == BAKED
    assert row_of(known_services, BAKERY).state is CustomerState.ACTIVE
    assert not person.sees("unsaved change")


def test_choosing_a_company_is_one_step_of_undo(person: Person) -> None:
    person.stages(BAKERY, "company", BAKERY_COMPANY)
    person.presses("customers_undo")
    assert not person.sees("unsaved change")
    person.presses("customers_redo")
    assert person.sees("2 unsaved changes")


def test_another_company_drops_the_agreement_of_the_one_before(
    known_services: Services,
) -> None:
    save(known_services, BAKERY, BAKED)
    person = Person()
    person.stages(BAKERY, "company", CLINIC_COMPANY)
    person.presses("customers_save")
    assert changes(person) == [
        "ConnectWise company: BOULANGERIE VERMASSE SARL → Clin. Vét. Marronnet",
        "Agreement: Sécurité managée → none",
    ]
    assert person.sees("will not sync: No agreement is chosen")
    person.presses("customers_save_back")
    person.stages(BAKERY, "agreement", CLINIC_AGREEMENT)
    person.presses("customers_save")
    assert person.sees("What sync billed for Boulangerie Vermasse on Sécurité managée stays there")
    person.presses("customers_save_now")
    assert stored(known_services, BAKERY) == CustomerValues(CLINIC_COMPANY, CLINIC_AGREEMENT, True)


def test_what_cannot_be_billed_is_refused_with_every_reason(person: Person) -> None:
    person.stages(BAKERY, "agreement", BAKERY_AGREEMENT)
    person.stages(LAWYERS, "company", LAWYERS_COMPANY)
    person.stages(LAWYERS, "agreement", BAKERY_AGREEMENT)
    person.presses("customers_save")
    assert person.sees("Boulangerie Vermasse: An agreement needs its company")
    assert person.sees("Cabinet Dourlin & Associés: The agreement Sécurité managée belongs to")
    assert person.page.button(key="customers_save_now").disabled


def test_sharing_an_agreement_has_to_be_ticked(known_services: Services) -> None:
    save(known_services, BAKERY, BAKED)
    person = Person()
    person.stages(LAWYERS, "company", BAKERY_COMPANY)
    person.presses("customers_save")
    assert person.sees("would share the agreement")
    assert person.page.button(key="customers_save_now").disabled
    person.page.checkbox(key="customers_save_consent").check()
    person.run()
    person.presses("customers_save_now")
    assert row_of(known_services, LAWYERS).shared_with == (BAKERY,)


def test_discard_asks_first_and_can_be_undone(person: Person) -> None:
    person.stages(BAKERY, "sync", True)
    person.presses("customers_discard")
    person.presses("customers_discard_yes")
    assert not person.sees("1 unsaved change")
    person.presses("customers_undo")
    assert person.sees("1 unsaved change")


def test_the_selection_is_switched_as_one_step(person: Person) -> None:
    person.sends(selected=(BAKERY, LAWYERS, "gone"))
    assert person.sees("2 rows selected")
    person.presses("customers_bulk_on")
    assert person.sees("2 unsaved changes")
    person.presses("customers_undo")
    assert not person.sees("unsaved change")


def test_somebody_elses_save_is_shown_and_mine_can_be_kept(
    person: Person, known_services: Services
) -> None:
    person.stages(BAKERY, "company", BAKERY_COMPANY)
    save(known_services, BAKERY, CustomerValues(LAWYERS_COMPANY, LAWYERS_AGREEMENT))
    person.run()
    assert person.sees("changed by somebody else")
    assert person.sees("Saved by Somebody else")
    person.presses(f"customers_mine_{BAKERY}")
    assert not person.sees("changed by somebody else")
    person.presses("customers_save")
    person.presses("customers_save_now")
    assert stored(known_services, BAKERY) == CustomerValues(BAKERY_COMPANY, BAKERY_AGREEMENT)


def test_a_save_leaves_rows_in_conflict_staged(person: Person, known_services: Services) -> None:
    person.stages(BAKERY, "company", BAKERY_COMPANY)
    person.stages(LAWYERS, "company", LAWYERS_COMPANY)
    person.presses("customers_save")
    theirs = CustomerValues(CLINIC_COMPANY, CLINIC_AGREEMENT)
    save(known_services, BAKERY, theirs)
    person.presses("customers_save_now")
    assert stored(known_services, LAWYERS) == CustomerValues(LAWYERS_COMPANY, LAWYERS_AGREEMENT)
    assert stored(known_services, BAKERY) == theirs
    assert person.sees("2 unsaved changes")
    person.presses(f"customers_theirs_{BAKERY}")
    assert not person.sees("unsaved change")


def test_a_pasted_csv_becomes_staged_edits(person: Person, known_services: Services) -> None:
    lines = [
        "customer_id;connectwise_company_id;agreement_id;sync",
        f"{BAKERY};{BAKERY_COMPANY};{BAKERY_AGREEMENT};vrai",
        f"not-listed;{BAKERY_COMPANY};{BAKERY_AGREEMENT};false",
    ]
    person.presses("customers_import")
    person.page.text_area(key="customers_import_text").input("\n".join(lines))
    person.run()
    assert person.sees("2 customers would change.")
    assert person.sees("1 customer is not known to Sophos")
    assert person.sees("would share the agreement")
    person.presses("customers_import_stage")
    assert person.sees("5 unsaved changes")
    assert stored(known_services, BAKERY) == CustomerValues()


def test_a_csv_with_bad_rows_stages_nothing_and_names_each(person: Person) -> None:
    lines = [
        "customer_id,connectwise_company_id,agreement_id,sync",
        f"{BAKERY},{LAWYERS_COMPANY},{BAKERY_AGREEMENT},true",
        f"{LAWYERS},,,maybe",
    ]
    person.presses("customers_import")
    person.page.text_area(key="customers_import_text").input("\n".join(lines))
    person.run()
    assert person.sees("Line 2")
    assert person.sees("Line 3")
    assert person.page.button(key="customers_import_stage").disabled


def test_the_history_of_a_row_is_shown_by_name(known_services: Services) -> None:
    save(known_services, BAKERY, BAKED)
    person = Person()
    person.sends({"kind": "history", "code": BAKERY})
    table = person.page.dataframe[0].value
    assert set(table["Who"]) == {"Somebody else"}
    assert set(table["After"]) == {"BOULANGERIE VERMASSE SARL", "Sécurité managée", "On"}


def test_the_quantity_rules_of_the_selected_customer_are_opened(person: Person) -> None:
    assert person.page.button(key="customers_rules").disabled
    person.sends(selected=(BAKERY,))
    person.presses("customers_rules")
    assert person.page.button(key="rule_override_form_save")
    person.sends(selected=(BAKERY, LAWYERS))
    assert person.page.button(key="customers_rules").disabled


def test_one_customer_is_read_again(known_services: Services, sandbox: Sandbox) -> None:
    save(known_services, BAKERY, BAKED)
    person = Person()
    with sandbox.world.transaction():
        sandbox.world.tables["agreements"].delete(BAKERY_AGREEMENT)
    person.sends({"kind": "refresh", "code": BAKERY})
    known_services.jobs.wait(60)
    person.run()
    assert row_of(known_services, BAKERY).state is CustomerState.BLOCKED


def test_the_chip_narrows_the_rows_and_says_why_customers_cannot_sync(
    known_services: Services,
) -> None:
    person = Person("ana@example.com")
    person.page.get("button_group")[0].set_value("not_syncable")
    person.run()
    assert person.sees("5 × Sophos bills this customer by term")
    again = Person("ana@example.com")
    assert again.page.session_state["customers_show"] == "not_syncable"


def test_a_link_from_another_page_turns_a_chip_on(known_services: Services) -> None:
    person = Person()
    person.page.query_params["show"] = "unmapped"
    person.run()
    assert person.page.session_state["customers_show"] == "unmapped"


def test_companies_are_sent_until_the_browser_has_them_and_again_when_they_change(
    person: Person, known_services: Services, sandbox: Sandbox
) -> None:
    packed = json.loads(person.catalog["packed"])
    contracts = known_services.customers.contracts()
    assert contracts is not None
    usable = [one for one in contracts.companies.values() if not one.deleted]
    assert packed["ids"] == [one.id for one in usable]
    active = [one.id for company in usable for one in contracts.active_of(company.id)]
    assert [agreement[1] for agreement in packed["agreements"]] == active
    held = person.catalog["version"]
    person.sends(catalog=held)
    assert person.catalog["packed"] == ""
    save(known_services, BAKERY, BAKED)
    person.run()
    assert (person.catalog["packed"], person.catalog["version"]) == ("", held)
    with sandbox.world.transaction():
        sandbox.world.tables["agreements"].delete(LAWYERS_AGREEMENT)
    known_services.customers.refresh()
    person.run()
    assert person.catalog["packed"] != ""


def test_companies_that_are_read_while_the_page_is_drawn_reach_the_browser(
    filled_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was drawn before must not be kept under the version of what was read meanwhile."""

    draw = customer_view.draw_above_grid

    def read_meanwhile(*given: Any) -> None:
        monkeypatch.setattr(customer_view, "draw_above_grid", draw)
        filled_services.customers.refresh()
        draw(*given)

    monkeypatch.setattr(customer_view, "draw_above_grid", read_meanwhile)
    person = Person()
    assert filled_services.customers.contracts() is not None
    person.run()
    assert len(json.loads(person.catalog["packed"])["ids"]) > 50


SIZES = {"columnSizingModel": [{"colId": "customer", "width": 222}]}
VIEW = {"state": {"columnSizing": SIZES, "filter": {"customer": {}}}, "quick": "garage"}


def test_the_view_is_kept_for_the_next_session_but_not_changed_under_the_grid(
    known_services: Services,
) -> None:
    person = Person("ana@example.com")
    before = person.grid["gridOptions"]["initialState"]
    person.sends(view=VIEW)
    assert person.grid["gridOptions"]["initialState"] == before
    again = Person("ana@example.com").grid["gridOptions"]
    assert again["quickFilterText"] == "garage"
    assert again["initialState"] == VIEW["state"]


def test_without_sign_in_the_view_of_one_hides_no_rows_from_another(
    known_services: Services,
) -> None:
    person = Person()
    person.page.get("button_group")[0].set_value("not_syncable")
    person.sends(view=VIEW)
    assert person.page.session_state["customers_show"] == "not_syncable"
    assert "garage" in person.page.session_state["customers_view"]
    other = Person()
    assert other.page.session_state["customers_show"] == "all"
    assert other.grid["gridOptions"]["quickFilterText"] == ""
    assert other.grid["gridOptions"]["initialState"] == {"columnSizing": SIZES}


def test_what_an_earlier_release_kept_without_sign_in_hides_no_rows_either(
    known_services: Services,
) -> None:
    kept = json.dumps({"grid": json.dumps(VIEW), "show": "not_syncable"})
    known_services.preferences.put(f"customers_view/{system_user()}", kept, "ana")
    other = Person()
    assert other.page.session_state["customers_show"] == "all"
    assert other.grid["gridOptions"]["quickFilterText"] == ""
    assert other.grid["gridOptions"]["initialState"] == {"columnSizing": SIZES}
