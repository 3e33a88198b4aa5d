"""The dialogs for quantity rules, over the real use cases."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.models import Basis, BundleRule, Combine, QuantityRule, Rounding, RuleOverride
from core.domain.row_edits import RowEdit
from core.domain.rule_editing import RuleEdit
from core.domain.saving import MappingValues
from core.services import Services
from pages.components.rule_values import (
    bundle_from,
    history_field,
    override_from,
    rule_from,
    value_text,
    values_of,
)

RULE, OVERRIDE = "quantity_rule_form", "rule_override_form"


# ---------------------------------------------------------------- what is typed


def test_a_rule_comes_back_as_it_went_into_the_form():
    rule = QuantityRule(Basis.ORDERED, Decimal("1.5"), Decimal(2), Rounding.UP, Decimal("0.25"))
    bundle = BundleRule(Combine.DRIVER, "A")
    values = values_of(rule, bundle)
    assert (values["multiplier"], values["minimum"]) == ("1.5", "0.25")
    assert rule_from(values) == (rule, ())
    assert bundle_from(values) == bundle


def test_an_empty_number_is_the_one_that_changes_nothing():
    values = {**values_of(QuantityRule()), "multiplier": "", "minimum": " "}
    assert rule_from(values) == (QuantityRule(), ())


def test_an_empty_field_of_an_override_is_as_the_product_says():
    assert override_from(values_of(RuleOverride())) == (RuleOverride(), ())
    own = RuleOverride(included=Decimal(0), rounding=Rounding.NONE)
    assert override_from(values_of(own)) == (own, ())


def test_what_is_no_number_is_a_problem_at_its_field():
    values = {**values_of(QuantityRule()), "included": "many", "minimum": "1,5"}
    _rule, problems = rule_from(values)
    assert [problem.field for problem in problems] == ["included", "minimum"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("rule/multiplier", "Quantity rule: Multiplier"),
        ("bundle/combine", "Quantity rule: Bundle"),
        ("rule/A/B/minimum", "Quantity rule of A/B: Minimum"),
        ("rule/C/basis", "Quantity rule of Cloud: Quantity that counts"),
        ("sync", None),
        ("rule/nonsense", None),
    ],
)
def test_the_fields_of_a_history_in_words(field, words):
    assert history_field(field, {"C": "Cloud"}) == words


def test_the_values_of_a_history_in_words():
    assert value_text("basis", "actual", {}) == "Measured"
    assert value_text("driver", "C", {"C": "Cloud"}) == "Cloud"
    assert value_text("minimum", "1234.5", {}) == "1,234.5"
    assert value_text("minimum", "", {}) == "–"


# ---------------------------------------------------------------- the dialogs


def _page() -> None:
    import streamlit as st

    from pages.components import rule_dialog
    from pages.components.rule_override import draw_override
    from pages.components.session import shared_services

    services = shared_services()
    asked = st.session_state.pop("ask", None)
    if asked:
        rule_dialog.open_rule(services, asked)
    rule_dialog.draw_rule_dialog(services, {"CMS-MSP": "Mobile"}, "SEC-MOB")
    customer = st.session_state.get("customer")
    if customer:
        draw_override(services, customer)


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


def choose(page: AppTest, key: str, value: str) -> AppTest:
    page.selectbox(key=key).set_value(value)
    return run(page)


def told(page: AppTest) -> str:
    boxes = [*page.error, *page.warning, *page.success, *page.markdown, *page.caption]
    return "\n".join(box.value for box in boxes).replace("\\", "")


@pytest.fixture
def codes(filled_services: Services) -> tuple[str, str]:
    """Two Sophos products of one ConnectWise product with usage, sync on."""
    entry = next(e for e in filled_services.catalog.entries() if not e.inactive and e.is_billable)
    rows = [r for r in filled_services.mappings.rows() if r.last_usage and r.last_usage.customers]
    wanted = MappingValues(entry.id, True)
    edits = [RowEdit(r.product.code, r.mapping.version, MappingValues(), wanted) for r in rows[:2]]
    filled_services.mappings.save(edits, "Test")
    return edits[0].key, edits[1].key


@pytest.fixture
def page(filled_services: Services, codes: tuple[str, str]) -> AppTest:
    return AppTest.from_function(_page, default_timeout=20)


def opened(page: AppTest, code: str) -> AppTest:
    page.session_state["ask"] = code
    return run(page)


def test_the_example_follows_what_is_typed_and_saving_keeps_it(page, codes, filled_services):
    opened(page, codes[0])
    assert page.button(key=f"{RULE}_save").disabled
    assert "Example:" in told(page)
    fill(page, f"{RULE}_multiplier", "2.5")
    assert "Times 2.5" in told(page)
    fill(page, f"{RULE}_minimum", "100000")
    assert "Raised to the minimum: 100,000." in told(page)
    choose(page, f"{RULE}_rounding_en", "up")
    press(page, f"{RULE}_save")
    assert "quantity_rule" not in page.session_state
    wanted = QuantityRule(multiplier=Decimal("2.5"), rounding=Rounding.UP, minimum=Decimal(100_000))
    assert [filled_services.rules.all().by_product[code] for code in codes] == [wanted, wanted]


def test_wrong_numbers_are_told_at_once_and_nothing_is_saved(page, codes, filled_services):
    opened(page, codes[0])
    fill(page, f"{RULE}_multiplier", "0")
    fill(page, f"{RULE}_included", "x")
    assert "The multiplier has to be greater than 0." in told(page)
    assert "“x” is not an amount." in told(page)
    assert "2 fields need attention." in told(page)
    assert "The example appears when the values are right." in told(page)
    press(page, f"{RULE}_save")
    assert filled_services.rules.all().by_product == {}


def test_a_bundle_combines_by_its_leading_product(page, codes, filled_services):
    opened(page, codes[0])
    assert "A bundle with 1 other Sophos product" in told(page)
    choose(page, f"{RULE}_combine_en", "driver")
    press(page, f"{RULE}_save")
    assert "Choose the product that leads the bundle." in told(page)
    choose(page, f"{RULE}_driver_en", codes[1])
    press(page, f"{RULE}_save")
    (bundle,) = filled_services.rules.all().bundles.values()
    assert bundle == BundleRule(Combine.DRIVER, codes[1])


def test_a_product_alone_has_no_bundle(page, filled_services, codes):
    other = next(r for r in filled_services.mappings.rows() if r.product.code not in codes)
    opened(page, other.product.code)
    assert f"{RULE}_combine_en" not in [box.key for box in page.selectbox]
    assert "bundle" not in told(page)


def test_somebody_elses_change_is_shown_and_the_person_decides(page, codes, filled_services):
    opened(page, codes[0])
    fill(page, f"{RULE}_multiplier", "3")
    theirs = RuleEdit(filled_services.rules.base(codes[1]), QuantityRule(multiplier=Decimal(2)))
    filled_services.rules.save(theirs, "Ann")
    press(page, f"{RULE}_save")
    assert "Multiplier: theirs 2, mine 3" in told(page)
    press(page, f"{RULE}_mine")
    assert page.text_input(key=f"{RULE}_multiplier").value == "3"
    press(page, f"{RULE}_save")
    assert filled_services.rules.base(codes[0]).rule.multiplier == 3


def test_theirs_can_be_kept(page, codes, filled_services):
    opened(page, codes[0])
    fill(page, f"{RULE}_multiplier", "3")
    theirs = RuleEdit(filled_services.rules.base(codes[1]), QuantityRule(multiplier=Decimal(2)))
    filled_services.rules.save(theirs, "Ann")
    press(page, f"{RULE}_save")
    press(page, f"{RULE}_theirs")
    assert page.text_input(key=f"{RULE}_multiplier").value == "2"
    assert page.button(key=f"{RULE}_save").disabled


def test_cancel_drops_what_was_typed(page, codes, filled_services):
    opened(page, codes[0])
    fill(page, f"{RULE}_multiplier", "3")
    press(page, f"{RULE}_cancel")
    opened(page, codes[0])
    assert page.text_input(key=f"{RULE}_multiplier").value == "1"


def test_what_a_customer_has_differently_is_edited_and_removed(page, codes, filled_services):
    month = filled_services.usage.months()[0]
    usages = filled_services.store.usage.usage(month)
    customer = next(u.account_id for u in usages if u.account_id and u.product_code == codes[0])
    page.session_state["customer"] = customer
    run(page)
    choose(page, "rule_override_product_en", codes[0])
    assert page.text_input(key=f"{OVERRIDE}_multiplier").placeholder == "As the product: 1"
    fill(page, f"{OVERRIDE}_minimum", "777")
    assert "Quantity: 777" in told(page)
    press(page, f"{OVERRIDE}_save")
    assert "Saved." in told(page)
    overrides = filled_services.rules.all().overrides
    assert overrides == {(customer, code): RuleOverride(minimum=Decimal(777)) for code in codes}
    press(page, f"{OVERRIDE}_remove")
    assert filled_services.rules.all().overrides == {}


def test_a_customer_without_usage_has_nothing_to_change(page):
    page.session_state["customer"] = "nobody"
    run(page)
    assert "no usage in the newest month" in "".join(box.value for box in page.info)
