"""An answer of a vendor's server, and its JSON with Decimal numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import simplejson

from core.errors import Message, message

_EXCERPT_LENGTH = 500


@dataclass(frozen=True)
class Answer:
    """An answer: `body` is its JSON with Decimal numbers, None when it has none or is not JSON."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    body: object = field(repr=False, default=None)

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> Answer:
        """Decode what was received. `headers` must not mind capitals."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Repaired text could differ from what was sent, so none of it is taken as data.
            return cls(status, headers, content.decode("latin-1"))
        return cls(status, headers, text, _json(text))

    @property
    def is_usable(self) -> bool:
        """Whether it is a success that says something, or says that there is nothing to say."""
        is_data = self.body is not None or self.text.strip() == "null"
        return 200 <= self.status < 300 and (is_data or (self.status == 204 and not self.text))

    @property
    def request_id(self) -> str | None:
        """What the vendor's support asks for, where it is a header."""
        return self.headers.get("x-cw-request-id") or self.headers.get("x-request-id")

    @property
    def excerpt(self) -> str:
        """The start of a refusal, for a log. A success may hold personal data: only its size."""
        if 200 <= self.status < 300:
            kind = self.headers.get("content-type", "no type")
            return f"{len(self.text)} characters of {kind}"
        return " ".join(self.text[:_EXCERPT_LENGTH].split())

    @property
    def sentence(self) -> str | Message:
        """The start of a refusal as a person may read it, in the server's words; of a page, and of
        one without words, only the status."""
        is_page = self.text.lstrip().startswith("<")
        said = "" if is_page else self.excerpt
        return said or message("error {status}", status=self.status)


def _json(text: str) -> object:
    try:
        return simplejson.loads(text, use_decimal=True)
    except (ValueError, RecursionError):
        return None
