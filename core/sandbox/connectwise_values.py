"""Bodies of writes: from JSON text to a record's members, as the server's deserialiser does it.

Strings are coerced to numbers and booleans; what cannot be converted is a 500 (recorded), a member
that the model does not have a 400 (recorded). Both end the reading at the first fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from core.sandbox.conditions import parse_datetime
from core.sandbox.connectwise_answers import ApiError
from core.sandbox.connectwise_fields import Field, Kind, Target
from core.sandbox.connectwise_model import Record, Resource

_CUSTOM_FIELD_MEMBERS = frozenset(
    {
        "id",
        "caption",
        "type",
        "entryMethod",
        "numberOfDecimals",
        "value",
        "connectWiseId",
        "rowNum",
        "userDefinedFieldRecId",
        "podId",
    }
)
_LARGEST_DOUBLE = Decimal("1.7976931348623157E+308")
_REFERENCE_MEMBERS = frozenset({"id", "identifier", "name", "type", "serializedFlag", "_info"})


def parse_body(text: str) -> Any:
    """The JSON of a body, numbers as Decimal.

    Raises:
        ApiError: 400 where it is not JSON.
    """
    try:
        return simplejson.loads(text, use_decimal=True, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "ConnectWiseApi", f"The body is not valid JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def read_members(resource: Resource, body: Any, text: str) -> Record:
    """The members of a POST or PUT body, converted. Nulls stay; read-only members are dropped.

    Raises:
        ApiError: the body is not an object, has an unknown member, or one of a wrong type.
    """
    if not isinstance(body, dict):
        raise conversion_error(body, resource.model, "", text)
    found: Record = {}
    for name, value in body.items():
        spec = resource.fields.get(name)
        if spec is None:
            raise unknown_member(name, resource.model, name, text)
        converted = convert(spec, name, value, text)
        if not spec.read_only:
            found[name] = converted
    return found


def unknown_member(name: str, model: str, path: str, text: str) -> ApiError:
    """400 in the deserialiser's words, which end with a hint at the version."""
    place = _place(text, f'"{name}"')
    return ApiError(
        400,
        "ConnectWiseApi",
        f"Could not find member '{name}' on object of type '{model}'. Path '{path}', {place}."
        "Check your accept header to make sure you are using the correct version.",
    )


def conversion_error(value: Any, type_name: str, path: str, text: str) -> ApiError:
    """500, although it is the client's fault: not to be retried."""
    written = simplejson.dumps(value, use_decimal=True, ensure_ascii=False)
    shown = written if isinstance(value, str) else f'"{written}"'
    place = _place(text, written)
    return ApiError(
        500,
        "ConnectWiseApi",
        f"Error converting value {shown} to type '{type_name}'. Path '{path}', {place}.",
    )


def _place(text: str, part: str) -> str:
    """Where a part of the body ends, counted as the deserialiser does."""
    end = max(text.find(part), 0) + len(part)
    before = text[:end]
    return f"line {before.count(chr(10)) + 1}, position {end - before.rfind(chr(10)) - 1}"


class _WrongTypeError(Exception):
    """A value that a field cannot hold."""


def convert(spec: Field, path: str, value: Any, text: str) -> Any:
    """A JSON value as the field keeps it; None for null.

    Raises:
        ApiError: 500 for a wrong type, 400 for an unknown member of a reference.
    """
    if value is None:
        return None
    if spec.kind is Kind.REFERENCE and spec.target is not None:
        return _reference(spec.target, path, value, text)
    if spec.kind is Kind.LIST and path == "customFields":
        _check_custom_fields(value, text)
    try:
        return _CONVERTERS[spec.kind](spec, value)
    except _WrongTypeError:
        raise conversion_error(value, spec.kind, path, text) from None


def _text(_: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise _WrongTypeError


def _number(_: Field, value: Any) -> Decimal | int:
    """Numbers stay as they were given: 12 is not made 12.0. Anything a double can hold passes."""
    number = _coerced_number(value)
    if not -_LARGEST_DOUBLE <= number <= _LARGEST_DOUBLE:
        raise _WrongTypeError
    return number


def _coerced_number(value: Any) -> Decimal | int:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"\s*[-+0-9.eE]+\s*", value, re.ASCII):
            return Decimal(value)
    except InvalidOperation:
        pass
    raise _WrongTypeError


def _integer(spec: Field, value: Any) -> int:
    number = _number(spec, value)
    if not -(2**31) <= number < 2**31 or number != int(number):
        raise _WrongTypeError
    return int(number)


def _flag(_: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise _WrongTypeError


def _date(_: Field, value: Any) -> str:
    moment = parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise _WrongTypeError
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(spec: Field, value: Any) -> str:
    return f"{_date(spec, value)[:10]}T00:00:00Z"


def _choice(spec: Field, value: Any) -> str:
    if isinstance(value, str) and value in spec.values:
        return value
    raise _WrongTypeError


def _list(_: Field, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _WrongTypeError
    return [_without_nulls(item) if isinstance(item, dict) else item for item in value]


def _references(_: Field, value: Any) -> list[Record]:
    """An array of references, or of bare ids as `types` of a new company may be."""
    if not isinstance(value, list) or not all(isinstance(item, int | dict) for item in value):
        raise _WrongTypeError
    return [{"id": item} if isinstance(item, int) else item for item in value]


def _info(_: Field, value: Any) -> Record:
    if not isinstance(value, dict):
        raise _WrongTypeError
    return value


_CONVERTERS: Mapping[Kind, Callable[[Field, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
    Kind.DAY: _day,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.REFERENCES: _references,
    Kind.INFO: _info,
}


def _reference(target: Target, path: str, value: Any, text: str) -> Record:
    model = f"{target.label.replace(' ', '')}Reference"
    if not isinstance(value, dict):
        raise conversion_error(value, model, path, text)
    for name in value:
        if name not in _REFERENCE_MEMBERS:
            raise unknown_member(name, model, f"{path}.{name}", text)
    found = {name: value[name] for name in ("id", "identifier", "name") if value.get(name)}
    if "id" in found:
        found["id"] = convert(Field(Kind.INTEGER), f"{path}.id", found["id"], text)
    return found


def _without_nulls(record: Record) -> Record:
    return {name: value for name, value in record.items() if value is not None}


def _check_custom_fields(value: Any, text: str) -> None:
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, dict):
            raise conversion_error(entry, "CustomFieldValue", "customFields", text)
        for name in entry:
            if name not in _CUSTOM_FIELD_MEMBERS:
                raise unknown_member(name, "CustomFieldValue", f"customFields.{name}", text)
