"""Answers in ConnectWise's form: JSON, headers, and the bodies of errors."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import simplejson
from starlette.responses import Response

VERSION = "2026.4"
MEDIA_TYPE = f"application/vnd.connectwise.com+json; version={VERSION}"


@dataclass(frozen=True)
class FieldError:
    """One item of a validation error."""

    code: str
    message: str
    field: str


class ApiError(Exception):
    """An answer other than success; `errors` is left out of the body when there are none."""

    def __init__(
        self, status: int, code: str, text: str, errors: Sequence[dict[str, str]] = ()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.errors = list(errors)

    def body(self) -> dict[str, Any]:
        """The body as recorded from live servers."""
        body: dict[str, Any] = {"code": self.code, "message": self.text}
        if self.errors:
            body["errors"] = self.errors
        return body


def invalid_object(resource: str, problems: Sequence[FieldError]) -> ApiError:
    """400 with every reason at once; `resource` is the model in camel case."""
    items = [
        {"code": p.code, "message": p.message, "resource": resource, "field": p.field}
        for p in problems
    ]
    return ApiError(400, "InvalidObject", f"{resource} object is invalid", items)


def out_of_range(field: str, low: int, high: int) -> ApiError:
    """400 for a paging parameter (recorded in 2016 with a maximum of 100)."""
    text = f"The field {field} must be between {low} and {high}."
    return invalid_object(field, [FieldError("OutOfRange", text, field)])


def bad_condition(text: str) -> ApiError:
    """400 for a query that is not understood."""
    return ApiError(400, "ApiFindCondition", text)


def not_found(model: str, record_id: object) -> ApiError:
    """404; no recorded body exists, so nobody should rely on this one."""
    return ApiError(404, "NotFound", f"{model} {record_id} not found")


def json_answer(value: Any, status: int = 200, link: str | None = None) -> Response:
    """A success. Nulls are never part of `value`."""
    text = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    headers = _headers()
    if link is not None:
        headers["Link"] = link
    return Response(text.encode(), status, headers, media_type=MEDIA_TYPE)


def no_content() -> Response:
    """The answer to a DELETE."""
    return Response(status_code=204, headers=_headers())


def error_answer(error: ApiError) -> Response:
    """An error; live servers print these bodies with indents and CRLF."""
    text = simplejson.dumps(error.body(), indent=2, ensure_ascii=False).replace("\n", "\r\n")
    return Response(text.encode(), error.status, _headers(), media_type=MEDIA_TYPE)


def cannot_route() -> Response:
    """What the cloud's router says of a path whose codebase it does not know: not JSON."""
    return Response(b"Cannot route. Codebase/company is invalid", 400, media_type="text/plain")


def _headers() -> dict[str, str]:
    return {
        "api-current-version": VERSION,
        "x-cw-request-id": str(uuid.uuid4()),
        "x-server-name": "SANDBOX",
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
    }
