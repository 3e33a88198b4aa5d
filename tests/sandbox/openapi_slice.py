"""The vendor's OpenAPI document, to hold answers and requests against.

The document is not part of this project. It is found through the environment variable
USAGE_SYNC_OPENAPI, else as `*/connectwise/openapi-slice.json` beside the project's folder.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

ROOT = Path(__file__).resolve().parents[2]
MISSING = (
    "the OpenAPI document is not here: set USAGE_SYNC_OPENAPI to the path of openapi-slice.json"
)

_API = re.compile(r"^.*/apis/3\.0(?=/)", re.IGNORECASE)


def find_document() -> Path | None:
    """Where the document is, if it is here."""
    if given := os.environ.get("USAGE_SYNC_OPENAPI"):
        return Path(given)
    return next(iter(sorted(ROOT.parent.glob("*/connectwise/openapi-slice.json"))), None)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    template: str
    definition: Mapping[str, Any]


class OpenApiSlice:
    """Checks that return every fault as a line of text; an empty list means valid."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))

    @cached_property
    def _components(self) -> dict[str, Any]:
        """Component schemas that take no member that they do not name."""
        components = copy.deepcopy(self._document["components"])
        for schema in components["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
        return components

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a URL path is of; literal parts win over parameters."""
        route = _API.sub("", path).rstrip("/").lower()
        matches = [
            template
            for template, item in self._document["paths"].items()
            if method.lower() in item and _pattern(template).fullmatch(route)
        ]
        if not matches:
            return None
        best = min(matches, key=lambda template: template.count("{"))
        return Operation(best, self._document["paths"][best][method.lower()])

    def response_errors(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; `body` is its JSON, None for none."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not an operation"]
        declared = operation.definition["responses"].get(str(status))
        if declared is None:
            return [f"{method} {operation.template} declares no {status}"]
        return self._body_errors(self._resolved(declared).get("content", {}), body)

    def request_errors(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        body: Any,
    ) -> list[str]:
        """What is wrong with a request: parameters, required headers, body."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not an operation"]
        declared = operation.definition.get("parameters", [])
        names = {entry["name"] for entry in declared if entry["in"] == "query"}
        sent = {name.lower() for name in headers}
        faults = [f"{name} is not a parameter" for name in params if name not in names]
        faults += [
            f"header {entry['name']} is missing"
            for entry in declared
            if entry["in"] == "header"
            and entry.get("required")
            and entry["name"].lower() not in sent
        ]
        content = operation.definition.get("requestBody", {}).get("content", {})
        return faults + self._body_errors(content, body)

    def _body_errors(self, content: Mapping[str, Any], body: Any) -> list[str]:
        if not content:
            return [] if body is None else ["a body where none is declared"]
        schema = next(iter(content.values()))["schema"]
        validator = OAS30Validator(
            {"allOf": [schema], "components": self._components},
            format_checker=OAS30Validator.FORMAT_CHECKER,
        )
        return [
            f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)
        ]

    def _resolved(self, declared: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = declared.get("$ref")
        if reference is None:
            return declared
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found


def _pattern(template: str) -> re.Pattern[str]:
    # All ids of this API are numbers, so `count` is never one.
    route = re.sub(r"\\\{[^}]*\\\}", "[0-9]+", re.escape(template.rstrip("/").lower()))
    return re.compile(route)
