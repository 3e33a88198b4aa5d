from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.clients.parsing import Reader, each
from core.domain.models import BillCustomer, ProductClass, Reference
from core.errors import UnexpectedAnswerError


def reader(**data: object) -> Reader:
    return Reader.of("ConnectWise", data, "addition 7")


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", None),
        ("text", ""),
        ("text", "  "),
        ("text", 5),
        ("label", True),
        ("label", Decimal("1.5")),
        ("integer", "5"),
        ("integer", True),
        ("integer", Decimal("5.0")),
        ("integer", None),
        ("boolean", "false"),
        ("boolean", 0),
        ("decimal", "1.5"),
        ("decimal", True),
        ("decimal", None),
        ("decimal", Decimal("1e25")),
        ("decimal", 10**25),
        ("optional_decimal", []),
        ("money", "1,40"),
        ("money", "NaN"),
        ("money", "1e5"),
        ("money", "٣"),
        ("money", "9" * 25),
        ("money", {}),
        ("day", "31/12/2026"),
        ("day", "2026-02-30"),
        ("day", "2026-02-30T00:00:00Z"),
        ("day", 20261231),
        ("moment", "yesterday"),
        ("reference", {"name": "no id"}),
        ("reference", {"id": "5"}),
        ("reference", 5),
        ("required_reference", None),
        ("child", []),
    ],
)
def test_another_type_is_an_error_that_names_the_field(method: str, value: object) -> None:
    read: Any = getattr(reader(field=value), method)
    with pytest.raises(UnexpectedAnswerError) as caught:
        read("field")
    assert "addition 7: field" in str(caught.value)
    assert (caught.value.detail or "").startswith("addition 7: field: ")


def test_values_are_read_exactly() -> None:
    given = reader(
        text=" as sent ",
        number=Decimal("1.10"),
        whole=3,
        flag=True,
        amount="1.40",
        day="2026-03-01T00:00:00Z",
        plain_day="2026-03-01",
        moment="2026-03-17T09:12:44+02:00",
        naive="2026-03-17T09:12:44.1234567",
        ref={"id": 4, "name": "Software", "_info": {}},
    )
    assert given.text("text") == " as sent "
    assert str(given.decimal("number")) == "1.10"
    assert given.decimal("whole") == Decimal(3)
    assert given.boolean("flag") is True
    assert given.money("amount") == Decimal("1.40")
    assert given.money("number") == Decimal("1.10")
    assert given.day("day") == given.day("plain_day") == date(2026, 3, 1)
    assert given.moment("moment") == datetime(2026, 3, 17, 7, 12, 44, tzinfo=UTC)
    assert given.moment("naive") == datetime(2026, 3, 17, 9, 12, 44, 123456, tzinfo=UTC)
    assert given.reference("ref") == Reference(4, "Software")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("33.333333333333336", "33.333333333333"),
        ("0.30000000000000004", "0.3"),
        ("5.5E-17", "0"),
        ("1234567890123456789.12345678901234", "1234567890123456789.123456789012"),
    ],
)
def test_the_noise_of_a_double_is_cut_so_that_the_number_can_be_kept(sent: str, read: str) -> None:
    assert reader(number=Decimal(sent)).decimal("number") == Decimal(read)


def test_null_and_absent_are_the_same() -> None:
    for given in (reader(), reader(field=None)):
        assert given.text("field", "") == ""
        assert given.label("field") == ""
        assert given.boolean("field") is False
        assert given.optional_decimal("field") is None
        assert given.money("field") is None
        assert given.day("field") is None
        assert given.moment("field") is None
        assert given.reference("field") is None
        assert given.name_of("field") == ""
    assert reader(field="").money("field") is None


def test_an_unknown_enum_value_names_field_and_value() -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        reader(billCustomer="Sometimes").enum("billCustomer", BillCustomer)
    assert "billCustomer" in str(caught.value)
    assert "'Sometimes'" in (caught.value.detail or "")
    assert "DoNotBill" in (caught.value.detail or "")


@pytest.mark.parametrize("value", [True, 1, [], {}, None])
def test_an_enum_of_another_type_is_an_error(value: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        reader(billCustomer=value).enum("billCustomer", BillCustomer)


def test_an_enum_may_have_a_documented_default() -> None:
    assert reader().enum("c", ProductClass, ProductClass.NON_INVENTORY) == "NonInventory"


@pytest.mark.parametrize("data", [None, {}, "x", 5, [5], [[]]])
def test_a_list_of_objects_is_required(data: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        list(each("ConnectWise", data, "company", "/company/companies"))


def test_items_are_known_by_id_or_position() -> None:
    names = [item.where for item in each("X", [{"id": 12}, {}], "company", "list")]
    assert names == ["company 12", "company 2"]
