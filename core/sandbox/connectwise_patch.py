"""PATCH bodies: an array of `{op, path, value}` on top-level members (Developer Guide).

Paths are bare and case-sensitive; a leading slash is accepted, as clients in the field send it. A
nested path such as `company/identifier` is ignored with a 200 or carried out (switch).
"""

from __future__ import annotations

import re
from typing import Any

from core.sandbox.connectwise_answers import ApiError
from core.sandbox.connectwise_fields import Field, Kind
from core.sandbox.connectwise_model import Record, Resource
from core.sandbox.connectwise_values import conversion_error, convert, unknown_member

_OPERATIONS = ("add", "replace", "remove")
_MEMBERS = {"op", "path", "value"}
_LINE_BREAKS = re.compile(r"[\r\n]+")


def read_patch(resource: Resource, body: Any, text: str, *, nested: bool) -> Record:
    """The members that a PATCH sets, converted; None clears a member.

    `nested` carries out paths into a reference. Read-only members are ignored.

    Raises:
        ApiError: not an array of operations, an unknown member, or a value of a wrong type.
    """
    if not isinstance(body, list):
        raise conversion_error(body, "PatchOperation[]", "", text)
    changes: Record = {}
    for operation in body:
        path, value = _checked(operation, text)
        head, _, rest = path.partition("/")
        spec = resource.fields.get(head)
        if spec is None:
            raise unknown_member(head, resource.model, path, text)
        if rest and nested:
            value = _into_reference(resource, spec, path, value, text)
        if not spec.read_only and (nested or not rest):
            changes[head] = _stored(convert(spec, head, value, text))
    return changes


def _checked(operation: Any, text: str) -> tuple[str, Any]:
    """Path without its slash, and the value; None for a removal."""
    if not isinstance(operation, dict):
        raise conversion_error(operation, "PatchOperation", "", text)
    for name in operation:
        if name not in _MEMBERS:
            raise unknown_member(name, "PatchOperation", name, text)
    verb, path = str(operation.get("op", "")).lower(), operation.get("path")
    if verb not in _OPERATIONS:
        raise ApiError(400, "ConnectWiseApi", f"'{verb}' is not a valid patch operation.")
    if not isinstance(path, str) or not path.strip("/"):
        raise ApiError(400, "ConnectWiseApi", "A patch operation needs a path.")
    return path.removeprefix("/"), None if verb == "remove" else operation.get("value")


def _into_reference(resource: Resource, spec: Field, path: str, value: Any, text: str) -> Any:
    """`company/identifier` and a value as the whole reference."""
    member = path.partition("/")[2]
    if spec.kind is not Kind.REFERENCE or spec.target is None or member not in spec.target.members:
        raise unknown_member(member, resource.model, path, text)
    return None if value is None else {member: value}


def collapse_lines(members: Record) -> Record:
    """Line breaks in texts become one space, which is how the guide says they are stored."""
    return {name: _stored(value) for name, value in members.items()}


def _stored(value: Any) -> Any:
    return _LINE_BREAKS.sub(" ", value) if isinstance(value, str) else value
