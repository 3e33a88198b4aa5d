"""The net price of shared order lines: divided to the cent, and not guessed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import OrderPart
from core.domain.reconciliation_vendor import net_prices


def part(account: str | None, billable: object, net: object = "10", **more: object) -> OrderPart:
    values: dict[str, object] = {
        "product_code": "X",
        "order": "O-1",
        "line": "L-1",
        "ordered": Decimal(0),
        "currency": "EUR",
        **more,
    }
    amount = None if net is None else Decimal(str(net))
    return OrderPart(
        account_id=account,
        billable=Decimal(str(billable)),
        net=amount,
        **values,  # type: ignore[arg-type]
    )


def shares(parts: Sequence[OrderPart]) -> list[Decimal | None]:
    found = net_prices(parts, "EUR")
    return [found[each.account_id, each.product_code] for each in parts]


def test_an_order_line_is_shared_by_use() -> None:
    # 10.00 for 3 units: 3.33, then 6.67 in all, then 10.00.
    assert shares([part("a", 1), part("b", 1), part(None, 1)]) == [
        Decimal("3.33"),
        Decimal("3.34"),
        Decimal("3.33"),
    ]
    assert shares([part("a", 3), part("b", 0)]) == [10, 0]


def test_without_use_it_is_shared_by_what_was_ordered() -> None:
    ordered = [part("a", 0, ordered=Decimal(3)), part("b", 0, ordered=Decimal(1))]
    assert shares(ordered) == [Decimal("7.50"), Decimal("2.50")]
    assert shares([part("a", 0)]) == [10]
    assert shares([part("a", 0), part("b", 0)]) == [None, None]


def test_what_does_not_follow_is_not_guessed() -> None:
    assert shares([part("a", 1), part("b", 1, "11")]) == [None, None]
    assert shares([part("a", 1), part("b", 1, None)]) == [None, None]
    assert shares([part("a", 1), part("b", 1, currency="USD")]) == [None, None]
    # Of two order lines of a customer one is not known: so the sum is not.
    assert net_prices([part("a", 1), part("a", 1, None, line="L-2")], "EUR") == {("a", "X"): None}


def test_order_lines_add_up_and_those_without_a_number_are_each_alone() -> None:
    parts = [part("a", 1), part("a", 1, "2.5", line="L-2"), part("b", 4, "7", order="O-2")]
    assert net_prices(parts, "EUR") == {("a", "X"): Decimal("12.5"), ("b", "X"): 7}
    alone = [part("a", 1, "4", line=""), part("b", 1, "6", line="")]
    assert shares(alone) == [4, 6]


@given(
    st.lists(st.decimals(0, 1000, places=2), min_size=1, max_size=8),
    st.decimals(0, 100_000, places=4),
)
def test_the_shares_are_together_the_net_price(weights: list[Decimal], net: Decimal) -> None:
    found = shares([part(f"customer {n}", each, net) for n, each in enumerate(weights)])
    if not any(weights) and len(weights) > 1:
        assert found == [None] * len(weights)
        return
    assert sum(each for each in found if each is not None) == net
    exact = [net * each / (sum(weights) or 1) for each in weights]
    if any(weights):
        assert all(
            share is not None and abs(share - right) <= Decimal("0.01")
            for share, right in zip(found, exact, strict=True)
        )


@given(st.permutations([part("a", 1), part("b", 2, "7", order="O-2"), part("c", 2, line="")]))
def test_order_lines_do_not_depend_on_each_other(parts: list[OrderPart]) -> None:
    assert net_prices(parts, "EUR") == {("a", "X"): 10, ("b", "X"): 7, ("c", "X"): 10}
