"""What was left out of a run is told by name, for as long as anything has one."""

from __future__ import annotations

from core.domain.models import PlanOptions, Run
from core.services import Services
from core.use_cases.exclusions import Exclusions, LeftOut
from tests.storage.sync_samples import run
from tests.use_cases.sync_world import approved, prepare


def excluding(*keys: str) -> Run:
    return run(options=PlanOptions(excluded=dict.fromkeys(keys, "Asked for.")))


def told(services: Services, *keys: str) -> list[LeftOut]:
    return list(Exclusions(services.store, services.catalog).of(excluding(*keys)))


def test_a_row_that_was_left_out_has_its_names_and_its_reason(filled: Services) -> None:
    services, month = filled, prepare(filled)
    [left, other] = services.planning.plan(month).changes[:2]
    reasons = {left.target.key: "The customer asked.", other.target.key: "Pays for itself."}
    done = approved(services, month, PlanOptions(excluded=reasons))
    found = Exclusions(services.store, services.catalog).of(services.runs.get(done.id))
    assert {one.target: one.reason for one in found} == reasons
    assert [one.place for one in found] == sorted((one.place for one in found), key=str.casefold)
    one = next(one for one in found if one.target == left.target.key)
    agreement = services.store.customers.agreements()[left.target.agreement_id]
    product = services.planning.inputs(month).product_name(left.target.product_id)
    assert (one.company, one.agreement) == (agreement.company.name, agreement.name)
    assert one.place == f"{agreement.company.name} / {agreement.name} / {product}"
    assert (one.agreement_id, one.product_id) == (agreement.id, left.target.product_id)


def test_a_product_that_has_yet_to_be_created_is_called_as_sophos_calls_it(
    filled: Services,
) -> None:
    prepare(filled)
    product = filled.store.products.all()[0]
    agreement = next(iter(filled.store.customers.agreements().values()))
    [alone, billed] = sorted(
        told(filled, f"+{product.code}", f"{agreement.id}/+{product.code}"),
        key=lambda one: len(one.place),
    )
    assert (alone.place, alone.agreement_id, alone.product_id) == (product.description, None, None)
    assert billed.place.endswith(f"{agreement.name} / {product.description}")


def test_what_has_no_name_any_more_is_told_by_its_id_and_at_last_by_its_key(
    filled: Services,
) -> None:
    places = {one.target: one.place for one in told(filled, "9/8", "8", "9/+GONE/X", "what?", "")}
    assert places == {
        "9/8": "#9 / #8",
        "8": "#8",
        "9/+GONE/X": "#9 / GONE/X",
        "what?": "what?",
        "": "",
    }


def test_nothing_is_read_where_nothing_was_left_out(filled: Services, monkeypatch) -> None:
    customers = filled.store.customers
    monkeypatch.setattr(type(customers), "agreements", lambda _self: 1 / 0)
    assert Exclusions(filled.store, filled.catalog).of(run()) == []
