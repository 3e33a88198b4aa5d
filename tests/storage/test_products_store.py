from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.models import SophosProduct
from core.domain.month import Month
from core.storage.products_store import name_rows
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, line, mapping


def _record(store: Store, month: Month, *names: str, minutes: int = 0) -> None:
    lines = [line(description=name) for name in names]
    store.products.record(month, lines, NOON + timedelta(minutes=minutes))


def test_a_product_is_known_by_its_code_with_the_months_it_was_seen(store: Store) -> None:
    _record(store, OCTOBER, "Intercept X")
    _record(store, OCTOBER.plus(-3), "Intercept X")
    store.products.record(OCTOBER, [line("MDR", description="MDR", product_group="MDR")], NOON)

    assert store.products.all() == [
        SophosProduct(
            code="CIX",
            description="Intercept X",
            product_group="Endpoint",
            first_seen=OCTOBER.plus(-3),
            last_seen=OCTOBER,
        ),
        SophosProduct(
            code="MDR",
            description="MDR",
            product_group="MDR",
            first_seen=OCTOBER,
            last_seen=OCTOBER,
        ),
    ]


def test_former_names_are_kept_newest_first(store: Store) -> None:
    for back, name in enumerate(["Endpoint", "Intercept X", "Intercept X", "Sandbox AV"]):
        _record(store, OCTOBER.plus(-back), name)

    product = store.products.all()[0]

    assert product.description == "Endpoint"
    assert product.former_descriptions == ("Intercept X", "Sandbox AV")


def test_a_name_that_came_back_is_not_a_former_one(store: Store) -> None:
    for back, name in enumerate(["A", "B", "A"]):
        _record(store, OCTOBER.plus(-back), name)

    assert store.products.all()[0].description == "A"
    assert store.products.all()[0].former_descriptions == ("B",)


def test_reading_an_old_month_later_does_not_bring_its_name_back(store: Store) -> None:
    _record(store, OCTOBER, "new", minutes=0)
    _record(store, OCTOBER.plus(-1), "old", minutes=5)

    assert store.products.all()[0].description == "new"


def test_a_rename_within_a_month_shows_when_the_month_is_read_again(store: Store) -> None:
    _record(store, OCTOBER, "zz old", minutes=0)
    _record(store, OCTOBER, "new", minutes=5)

    assert store.products.all()[0].description == "new"
    assert store.products.all()[0].former_descriptions == ("zz old",)


def test_of_two_names_in_one_reading_the_one_of_most_lines_counts(store: Store) -> None:
    _record(store, OCTOBER, "A", "B", "B")

    assert store.products.all()[0].description == "B"
    assert store.products.all()[0].former_descriptions == ("A",)


def test_recording_again_changes_nothing(store: Store) -> None:
    _record(store, OCTOBER, "A", "B")
    before = store.products.all()

    _record(store, OCTOBER, "B", "A")

    assert store.products.all() == before


def test_a_mapped_code_without_usage_is_a_product_without_a_name(store: Store) -> None:
    store.mappings.save([mapping("NEW"), mapping("CIX")], [], {"NEW": 0, "CIX": 0})
    _record(store, OCTOBER, "Intercept X")

    assert [product.code for product in store.products.all()] == ["CIX", "NEW"]
    assert store.products.all()[1] == SophosProduct(
        code="NEW", description="", product_group="", first_seen=None, last_seen=None
    )


_lines = st.lists(
    st.builds(
        lambda code, name, group: line(code, description=name, product_group=group),
        st.sampled_from("XY"),
        st.sampled_from("abc"),
        st.sampled_from("gh"),
    )
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_lines.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_of_the_lines_does_not_matter(orders: tuple[list[object], list[object]]) -> None:
    one, other = orders

    assert name_rows(OCTOBER, one, NOON) == name_rows(OCTOBER, other, NOON)  # type: ignore[arg-type]
