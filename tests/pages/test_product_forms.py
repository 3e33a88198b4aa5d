"""The dialogs for ConnectWise products, over the real use cases and the sandbox."""

from __future__ import annotations

import json
import pickle
import urllib.request
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases import products as products_module
from pages.components.identity import system_user
from pages.components.product_adding import apply
from pages.components.product_values import choices

CODE = "CMS-MSP"
OTHER = "CIXA-MSP"
NAMES = {CODE: "Sophos Mobile Standard", OTHER: "Sophos Endpoint"}
ADD, EDIT, VIEW = "product_add", "product_edit", "product_view"


def _page() -> None:
    import streamlit as st

    from core.domain.models import SophosProduct
    from pages.components import product_forms
    from pages.components.session import shared_services

    st.session_state.setdefault("created", {})
    st.session_state.setdefault("updated", [])
    services = shared_services()
    asked = st.session_state.pop("ask", None)
    if asked and asked[0] == "add":
        products = [
            SophosProduct(
                code=code, description=name, product_group="User", first_seen=None, last_seen=None
            )
            for code, name in asked[1].items()
        ]
        product_forms.open_add(products, identifier=asked[2])
    if asked and asked[0] == "view":
        product_forms.open_view(asked[1])
    product_forms.draw_dialogs(
        services,
        on_created=st.session_state["created"].update,
        on_updated=st.session_state["updated"].append,
    )


@pytest.fixture
def page(catalog_services: Services) -> AppTest:
    return AppTest.from_function(_page, default_timeout=20)


def add(page: AppTest, *codes: str, identifier: str = "") -> AppTest:
    page.session_state["ask"] = ("add", {code: NAMES[code] for code in codes}, identifier)
    return run(page)


def view(page: AppTest, product_id: int) -> AppTest:
    page.session_state["ask"] = ("view", product_id)
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception, [one.stack_trace for one in page.exception]
    for key in page.session_state.to_dict():
        pickle.dumps(page.session_state[key])
    return page


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return run(page)


def fill(page: AppTest, key: str, value: str) -> AppTest:
    page.text_input(key=key).set_value(value)
    return run(page)


def field(page: AppTest, key: str) -> str:
    return str(page.text_input(key=key).value)


def told(page: AppTest) -> str:
    boxes = [*page.error, *page.warning, *page.success, *page.markdown]
    return "\n".join(box.value for box in boxes).replace("\\", "")


def catalog(sandbox: Sandbox, identifier: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox.admin_url}/tables/catalog", timeout=10) as answer:
        return [item for item in json.load(answer) if item["identifier"] == identifier]


def admin(sandbox: Sandbox, method: str, path: str, body: object) -> Any:
    request = urllib.request.Request(
        sandbox.admin_url + path,
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def existing_id(services: Services) -> int:
    return next(entry.id for entry in services.catalog.entries() if not entry.inactive)


def test_apply_creates_the_product_and_hands_it_to_the_row(page, sandbox):
    add(page, CODE)
    assert field(page, f"{ADD}_{CODE}_identifier") == "Sophos_Mobile_Standard"
    fill(page, f"{ADD}_{CODE}_price", "1,234.50")
    press(page, f"{ADD}_apply")
    created = page.session_state["created"][CODE]
    assert created.price == Decimal("1234.50")
    (record,) = catalog(sandbox, "Sophos_Mobile_Standard")
    assert record["id"] == created.id
    assert record["integrationXRef"] == CODE
    assert not page.text_input, "the dialog closes"


def test_what_matched_nothing_becomes_the_identifier(page):
    add(page, CODE, identifier=" Mein Produkt ")
    assert field(page, f"{ADD}_{CODE}_identifier") == "Mein Produkt"


def test_nothing_is_sent_while_a_problem_stands(page, sandbox):
    admin(sandbox, "DELETE", "/counters", None)
    add(page, CODE, OTHER)
    fill(page, f"{ADD}_{CODE}_identifier", " ")
    fill(page, f"{ADD}_{CODE}_price", "12,5")
    press(page, f"{ADD}_apply")
    assert "Product ID is required." in told(page)
    assert "“12,5” is not an amount. Write it like 1,234.56." in told(page)
    assert "2 fields need attention." in told(page)
    assert field(page, f"{ADD}_{CODE}_price") == "12,5"
    assert not catalog(sandbox, "Sophos_Intercept_X_Advanced")
    assert page.session_state["created"] == {}
    fill(page, f"{ADD}_{CODE}_price", "12.5")
    assert "is not an amount" not in told(page)


def test_what_is_typed_survives_the_way_to_another_product_and_back(page):
    add(page, CODE, OTHER)
    fill(page, f"{ADD}_{CODE}_description", "Typed here")
    press(page, f"{ADD}_next")
    assert field(page, f"{ADD}_{OTHER}_identifier")
    press(page, f"{ADD}_back")
    assert field(page, f"{ADD}_{CODE}_description") == "Typed here"


def test_several_are_created_at_once(page, sandbox):
    add(page, CODE, OTHER)
    press(page, f"{ADD}_apply")
    created = page.session_state["created"]
    assert set(created) == {CODE, OTHER}
    assert all(len(catalog(sandbox, item.identifier)) == 1 for item in created.values())


def test_a_text_that_is_too_long_stays_and_is_not_sent(page, sandbox):
    add(page, CODE)
    limit = page.session_state["product_forms"].drafts[CODE].limits["identifier"]
    long = "x" * (limit + 5)
    fill(page, f"{ADD}_{CODE}_identifier", long)
    assert f"{limit + 5} of {limit} characters" in told(page)
    assert ":red[" in next(box.value for box in page.markdown if f"of {limit} char" in box.value)
    press(page, f"{ADD}_apply")
    assert f"Product ID has {limit + 5} characters" in told(page)
    assert field(page, f"{ADD}_{CODE}_identifier") == long
    assert not catalog(sandbox, long)
    assert not catalog(sandbox, long[:limit])


def test_a_product_that_was_created_is_handed_over_when_the_run_was_ended_before(
    page, catalog_services
):
    add(page, CODE)
    state = page.session_state["product_forms"]
    lists = choices(catalog_services.products.form_options())
    apply(catalog_services, state, lists)
    assert page.session_state["created"] == {}
    press(page, f"{ADD}_cancel")
    assert set(page.session_state["created"]) == {CODE}
    assert [one.value for one in page.toast] == [
        "1 product is in ConnectWise. Save keeps its mapping."
    ]


def test_what_is_created_is_kept_for_its_row_until_it_is_mapped(page, catalog_services):
    add(page, CODE)
    press(page, f"{ADD}_apply")
    (kept,) = catalog_services.products.creations.of(system_user())
    assert kept.item == page.session_state["created"][CODE]


def test_what_failed_is_told_in_the_form_and_not_kept_besides(page, sandbox, catalog_services):
    admin(sandbox, "POST", "/faults", {"effect": "status", "status": 400, "method": "POST"})
    add(page, CODE)
    press(page, f"{ADD}_apply")
    assert page.error
    assert catalog_services.products.creations.of(system_user()) == ()


def test_two_forms_with_one_identifier_are_stopped_before_sending(page, sandbox):
    add(page, CODE, OTHER)
    fill(page, f"{ADD}_{CODE}_identifier", "Bundle_1")
    press(page, f"{ADD}_next")
    fill(page, f"{ADD}_{OTHER}_identifier", "bundle_1")
    press(page, f"{ADD}_apply")
    assert "Another product of this form has the same product ID." in told(page)
    assert not catalog(sandbox, "Bundle_1")


def test_an_existing_product_is_offered_and_never_doubled(page, sandbox, catalog_services):
    entry = next(e for e in catalog_services.catalog.entries() if not e.inactive)
    add(page, CODE, identifier=entry.identifier)
    press(page, f"{ADD}_apply")
    assert f"ConnectWise already has a product {entry.identifier}" in told(page)
    press(page, f"{ADD}_use_{CODE}")
    assert page.session_state["created"][CODE].id == entry.id
    assert len(catalog(sandbox, entry.identifier)) == 1


def test_a_server_message_lands_at_its_field_and_keeps_what_was_typed(page, sandbox):
    body = {
        "code": "InvalidObject",
        "message": "productRecId is invalid",
        "errors": [
            {
                "code": "InvalidField",
                "message": "This SKU is blocked",
                "resource": "productRecId",
                "field": "vendorSku",
            }
        ],
    }
    rule = {"effect": "status", "status": 400, "body": body, "method": "POST", "path": "catalog"}
    admin(sandbox, "POST", "/faults", rule)
    add(page, CODE)
    fill(page, f"{ADD}_{CODE}_vendor_sku", "SKU-1")
    press(page, f"{ADD}_apply")
    problems = [box.value for box in page.markdown if "This SKU is blocked" in box.value]
    assert len(problems) == 1
    assert problems[0].startswith(":small[:red[:material/error:")
    assert field(page, f"{ADD}_{CODE}_vendor_sku") == "SKU-1"
    fill(page, f"{ADD}_{CODE}_vendor_sku", "SKU-2")
    assert "This SKU is blocked" not in told(page)
    admin(sandbox, "DELETE", "/faults", None)
    press(page, f"{ADD}_apply")
    assert page.session_state["created"][CODE].vendor_sku == "SKU-2"


def outcome(page: AppTest) -> list[str]:
    """What became of several, line by line."""
    (box,) = page.info
    return [line.replace("\\", "") for line in box.value.split("\n\n")]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({"effect": "reset", "method": "POST", "nth": 2}, "Not created: Sophos Endpoint"),
        (
            {"effect": "status", "method": "GET", "query": "Intercept"},
            "Not created: Sophos Endpoint",
        ),
    ],
)
def test_what_became_of_each_is_told_when_the_network_fails_for_one(
    page, sandbox, monkeypatch, rule, line
):
    monkeypatch.setattr(products_module, "_READ_BACK_WAITS", (0.01,))
    admin(sandbox, "POST", "/faults", {"path": "procurement/catalog", **rule})
    add(page, CODE, OTHER)
    press(page, f"{ADD}_apply")
    assert outcome(page)[:2] == [
        "In ConnectWise, staged and not saved yet: Sophos Mobile Standard",
        line,
    ]
    assert "press Apply again" in told(page).replace("Press", "press")
    assert "Nothing was changed" not in told(page)
    assert "See above what went wrong." in told(page), "beside Apply, at the end of a long form"
    assert page.button(key=f"{ADD}_apply").label == "Apply (1 product)"
    admin(sandbox, "DELETE", "/faults", None)
    press(page, f"{ADD}_apply")
    assert set(page.session_state["created"]) == {CODE, OTHER}


def test_a_product_of_which_nobody_knows_is_not_called_missing(page, sandbox, monkeypatch):
    monkeypatch.setattr(products_module, "_READ_BACK_WAITS", (0.01,))
    lost = {"effect": "reset", "method": "POST", "when": "after", "nth": 2}
    blind = {"effect": "status", "status": 503, "method": "GET", "query": "Intercept"}
    looks = [{**blind, "nth": nth} for nth in range(2, 12)]  # all but the first, before it is sent
    for rule in (lost, *looks):
        admin(sandbox, "POST", "/faults", {"path": "procurement/catalog", **rule})
    add(page, CODE, OTHER)
    press(page, f"{ADD}_apply")
    assert outcome(page)[1] == "Not known whether created: Sophos Endpoint"
    admin(sandbox, "DELETE", "/faults", None)
    press(page, f"{ADD}_apply")
    press(page, f"{ADD}_use_{OTHER}")
    assert set(page.session_state["created"]) == {CODE, OTHER}
    assert len(catalog(sandbox, "Sophos_Intercept_X_Advanced")) == 1


def test_the_other_products_are_created_when_one_is_refused(page, sandbox):
    body = {"code": "InvalidObject", "message": "No", "errors": []}
    rule = {
        "effect": "status", "status": 400, "body": body, "method": "POST", "path": "catalog",
        "count": 1,
    }  # fmt: skip
    admin(sandbox, "POST", "/faults", rule)
    add(page, CODE, OTHER)
    press(page, f"{ADD}_apply")
    assert set(page.session_state["created"]) == {OTHER}
    assert page.error
    assert "Nothing was changed" not in told(page)
    assert outcome(page) == [
        "In ConnectWise, staged and not saved yet: Sophos Endpoint",
        "Not created: Sophos Mobile Standard",
        "Choose one of the others above to see why. Apply tries only those again, and creates "
        "nothing twice; Close keeps what is staged.",
    ]
    press(page, f"{ADD}_apply")
    assert set(page.session_state["created"]) == {CODE, OTHER}


def test_another_category_asks_for_another_subcategory(page, catalog_services):
    add(page, CODE)
    lists = catalog_services.products.form_options()
    chosen = page.selectbox(key=f"{ADD}_{CODE}_category").value
    other = next(
        category.id
        for category in lists.categories
        if category.id != chosen
        and sum(sub.category.id == category.id for sub in lists.subcategories) > 1
    )
    page.selectbox(key=f"{ADD}_{CODE}_category").set_value(other)
    run(page)
    subcategory = page.selectbox(key=f"{ADD}_{CODE}_subcategory")
    assert subcategory.value is None
    expected = {sub.name for sub in lists.subcategories if sub.category.id == other}
    assert set(subcategory.options) == expected


def test_cancel_creates_nothing(page, sandbox):
    add(page, CODE)
    press(page, f"{ADD}_cancel")
    assert not page.text_input
    assert not catalog(sandbox, "Sophos_Mobile_Standard")


def test_view_reads_fresh(page, sandbox, catalog_services):
    product_id = existing_id(catalog_services)
    admin(sandbox, "PATCH", f"/tables/catalog/{product_id}", {"description": "<b>New*</b>"})
    view(page, product_id)
    assert "<b>New*</b>" in told(page)
    assert any("Last updated" in caption.value for caption in page.caption)
    press(page, f"{VIEW}_trail")
    assert page.dataframe


def test_view_of_a_deleted_product_says_so(page, sandbox, catalog_services):
    product_id = existing_id(catalog_services)
    admin(sandbox, "DELETE", f"/tables/catalog/{product_id}", None)
    view(page, product_id)
    assert page.error


def edit(page: AppTest, product_id: int) -> AppTest:
    view(page, product_id)
    return press(page, f"{VIEW}_edit")


def test_edit_writes_what_changed_and_shows_it_again(page, sandbox, catalog_services):
    product_id = existing_id(catalog_services)
    edit(page, product_id)
    fill(page, f"{EDIT}_description", "Edited here")
    assert any("1 change" in box.value for box in page.markdown)
    press(page, f"{EDIT}_apply")
    (record,) = [
        item for item in admin(sandbox, "GET", "/tables/catalog", None) if item["id"] == product_id
    ]
    assert record["description"] == "Edited here"
    assert page.session_state["updated"][0].description == "Edited here"
    assert "Edited here" in told(page)
    assert not page.text_input


def test_an_edit_without_changes_does_not_claim_to_have_written(page, catalog_services):
    edit(page, existing_id(catalog_services))
    press(page, f"{EDIT}_apply")
    assert [one.value for one in page.toast] == ["No changes"]


def test_a_required_field_is_named_for_screen_readers_as_it_is_shown(page):
    add(page, CODE)
    labels = {box.label for box in page.text_input}
    assert "Product ID *" in labels
    assert not [label for label in labels if "\\" in label]


def test_an_edit_overwrites_nobody_unasked(page, sandbox, catalog_services):
    product_id = existing_id(catalog_services)
    edit(page, product_id)
    fill(page, f"{EDIT}_description", "Mine")
    fill(page, f"{EDIT}_vendor_sku", "MY-SKU")
    theirs = {"description": "Theirs", "notes": "Their note"}
    admin(sandbox, "PATCH", f"/tables/catalog/{product_id}", theirs)
    press(page, f"{EDIT}_apply")
    assert "changed this product in ConnectWise" in told(page)
    assert "Theirs" in told(page)
    assert "Mine" in told(page)
    assert page.button(key="product_compare_continue").disabled
    now = admin(sandbox, "GET", f"/tables/catalog/{product_id}", None)
    assert now["description"] == "Theirs"

    page.segmented_control(key="product_compare_description").set_value("mine")
    run(page)
    press(page, "product_compare_continue")
    assert field(page, f"{EDIT}_description") == "Mine"
    assert field(page, f"{EDIT}_vendor_sku") == "MY-SKU"
    assert page.text_area(key=f"{EDIT}_notes").value == "Their note"
    now = admin(sandbox, "GET", f"/tables/catalog/{product_id}", None)
    assert now["description"] == "Theirs", "the form is filled; only Apply writes"
    press(page, f"{EDIT}_apply")
    now = admin(sandbox, "GET", f"/tables/catalog/{product_id}", None)
    assert (now["description"], now["vendorSku"], now["notes"]) == ("Mine", "MY-SKU", "Their note")


def test_a_deleted_product_cannot_be_viewed_and_another_has_to_be_chosen(
    page, sandbox, catalog_services
):
    product_id = existing_id(catalog_services)
    admin(sandbox, "DELETE", f"/tables/catalog/{product_id}", None)
    view(page, product_id)
    (told_error,) = [error.value.replace("\\", "") for error in page.error]
    assert "This record no longer exists in ConnectWise." in told_error
    assert "Choose another ConnectWise product in its cell." in told_error
    assert "Refresh the lists" not in told_error
    assert f"{VIEW}_retry" not in [button.key for button in page.button]


def test_who_does_not_want_to_decide_goes_back_to_the_form_and_loses_nothing(
    page, sandbox, catalog_services
):
    product_id = existing_id(catalog_services)
    edit(page, product_id)
    fill(page, f"{EDIT}_description", "Mine")
    admin(sandbox, "PATCH", f"/tables/catalog/{product_id}", {"description": "Theirs"})
    press(page, f"{EDIT}_apply")
    press(page, "product_compare_back")
    assert field(page, f"{EDIT}_description") == "Mine"
    assert not page.button(key=f"{EDIT}_cancel").disabled
    press(page, f"{EDIT}_apply")
    assert "changed this product in ConnectWise" in told(page)
    now = admin(sandbox, "GET", f"/tables/catalog/{product_id}", None)
    assert now["description"] == "Theirs"


def test_a_failed_edit_says_beside_apply_where_the_reason_is(page, sandbox, catalog_services):
    admin(sandbox, "POST", "/faults", {"effect": "status", "status": 403, "method": "PATCH"})
    edit(page, existing_id(catalog_services))
    assert "See above what went wrong." not in told(page)
    fill(page, f"{EDIT}_description", "Edited here")
    press(page, f"{EDIT}_apply")
    assert page.error
    assert "See above what went wrong." in told(page)


def test_dropping_mine_fills_the_form_with_theirs(page, sandbox, catalog_services):
    product_id = existing_id(catalog_services)
    edit(page, product_id)
    fill(page, f"{EDIT}_description", "Mine")
    admin(sandbox, "PATCH", f"/tables/catalog/{product_id}", {"description": "Theirs"})
    press(page, f"{EDIT}_apply")
    press(page, "product_compare_drop")
    assert field(page, f"{EDIT}_description") == "Theirs"


def test_unreachable_lists_give_a_sentence_and_a_way_back(page, sandbox, catalog_services):
    admin(sandbox, "POST", "/faults", {"effect": "status", "status": 403, "path": "procurement"})
    add(page, CODE)
    assert page.error
    admin(sandbox, "DELETE", "/faults", None)
    press(page, f"{ADD}_retry")
    assert field(page, f"{ADD}_{CODE}_identifier")


def test_renaming_to_a_taken_identifier_is_told_at_the_field(page, catalog_services):
    first, second = [one for one in catalog_services.catalog.entries() if not one.inactive][:2]
    edit(page, first.id)
    fill(page, f"{EDIT}_identifier", second.identifier)
    press(page, f"{EDIT}_apply")
    assert "1 field needs attention." in told(page)
    assert any(
        "already has a product" in box.value and box.value.startswith(":small")
        for box in page.markdown
    )
    assert field(page, f"{EDIT}_identifier") == second.identifier
