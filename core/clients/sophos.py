"""Sophos Central Partner: who we are, tenants, and the monthly billing report.

Facts: Sophos' Partner API (partner-v1) and its official samples. Partner calls go to the global
host with the partner's id in `X-Partner-ID`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from core.clients import sophos_parsing as parsing
from core.clients.answers import Answer
from core.clients.http import BaseTransport, Http, HttpLimits, Params
from core.clients.pacing import Pacer
from core.clients.parsing import Reader, unexpected
from core.clients.sophos_errors import not_a_partner, refusal
from core.clients.sophos_parsing import SYSTEM, Identity, Pages
from core.clients.sophos_token import TokenSource
from core.domain.models import Tenant, UsageLine
from core.domain.month import Month
from core.errors import AccessError, NotFoundError
from core.settings import SophosSettings

Progress = Callable[[int, int | None], None]
T = TypeVar("T")

PAGE_SIZE = 100
_MOST_PAGES = 10_000


class SophosPartner:
    """One partner's Sophos Central. Thread-safe; keep it for the life of the process.

    `clock` gives monotonic seconds, for the end of the token.
    """

    def __init__(
        self,
        settings: SophosSettings,
        limits: HttpLimits | None = None,
        transport: BaseTransport | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = limits or HttpLimits()
        pacer = Pacer(limits.per_minute, limits.in_flight)
        self._id = Http(SYSTEM, settings.id_url, limits, transport=transport, pacer=pacer)
        self._api = Http(SYSTEM, settings.api_url, limits, transport=transport, pacer=pacer)
        self._token = TokenSource(settings, self._id, clock)
        self._lock = threading.Lock()
        self._partner_id = ""

    def close(self) -> None:
        """Close the connections."""
        self._id.close()
        self._api.close()

    def whoami(self) -> Identity:
        """Who the credentials belong to; raises AccessError unless that is a partner."""
        identity = parsing.identity(self._get("/whoami/v1").body)
        if identity.kind != "partner":
            raise not_a_partner(identity)
        return identity

    def check(self) -> None:
        """Prove that the credentials are a partner's and may read tenants and billing.

        Last month's billing may be empty. Raises AccessError otherwise.
        """
        identity = self.whoami()
        with self._lock:
            self._partner_id = identity.id
        self._partner_get("/partner/v1/tenants", {"pageSize": 1})
        with suppress(NotFoundError):
            last_month = Month.last_complete(datetime.now(UTC).date())
            self._partner_get(_usage_path(last_month), {"pageSize": 1})

    def tenants(self) -> list[Tenant]:
        """All tenants, of every billing type, in the order of the vendor."""
        found: dict[str, Tenant] = {}
        for page in range(1, _MOST_PAGES):
            query: Params = {"page": page, "pageSize": PAGE_SIZE, "pageTotal": "true"}
            reader = _answer(self._partner_get("/partner/v1/tenants", query), "tenants")
            tenants = [parsing.tenant(item) for item in reader.items("items", "tenant")]
            known = len(found)
            found.update({tenant.id: tenant for tenant in tenants})
            pages = Pages.of(reader)
            if _was_last(pages, page, len(tenants)):
                return _complete(list(found.values()), pages, page)
            if len(found) == known:
                break
        raise unexpected(SYSTEM, "tenants", "the pages go round in a circle")

    def billing_usage(self, month: Month, progress: Progress | None = None) -> list[UsageLine]:
        """The lines of one month's billing report; empty when the vendor has none.

        Either every line of the month is returned, or an error is raised: a part of a month must
        never look like a month. `progress` is called with lines read and lines announced.
        """
        path = _usage_path(month)
        lines: list[UsageLine] = []
        seen: set[str | None] = {None}
        key: str | None = None
        announced: Pages | None = None
        while True:
            answer = self._usage_page(path, key)
            if answer is None:
                return []
            reader = _answer(answer, "billing usage")
            lines += [parsing.usage_line(item) for item in reader.items("items", "usage line")]
            pages = Pages.of(reader)
            announced = announced or pages
            if progress is not None:
                progress(len(lines), announced.items)
            if pages.next_key is None:
                return _complete(lines, announced, len(seen))
            if pages.next_key in seen:
                raise unexpected(SYSTEM, "billing usage", "the pages go round in a circle")
            key = pages.next_key
            seen.add(key)

    def _usage_page(self, path: str, key: str | None) -> Answer | None:
        """One page; None for a month without data, which is a 404 on the first page only."""
        query: dict[str, str | int] = {"pageSize": PAGE_SIZE, "pageTotal": "true"}
        if key is not None:
            query["pageFromKey"] = key
        try:
            return self._partner_get(path, query)
        except NotFoundError as error:
            if key is None:
                return None
            raise unexpected(SYSTEM, "billing usage", f"error 404: {error.detail}") from error

    def _partner_get(self, path: str, query: Params) -> Answer:
        return self._get(path, query, {"X-Partner-ID": self._own_id()})

    def _own_id(self) -> str:
        with self._lock:
            if not self._partner_id:
                self._partner_id = self.whoami().id
            return self._partner_id

    def _get(
        self, path: str, query: Params | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        token = self._token.current()
        try:
            return self._send(path, query, headers, token)
        except AccessError as error:
            if error.status != 401:
                raise
        return self._send(path, query, headers, self._token.after_refusal(token))

    def _send(
        self, path: str, query: Params | None, headers: dict[str, str] | None, token: str
    ) -> Answer:
        return self._api.send(
            "GET",
            path,
            params=query,
            headers={"Authorization": f"Bearer {token}", **(headers or {})},
            judge=refusal,
        )


def _usage_path(month: Month) -> str:
    return f"/partner/v1/billing/usage/{month.year:04d}/{month.number:02d}"


def _answer(answer: Answer, name: str) -> Reader:
    return Reader.of(SYSTEM, answer.body, name)


def _was_last(pages: Pages, page: int, records: int) -> bool:
    if records == 0:
        return True
    return page >= pages.total if pages.total is not None else records < PAGE_SIZE


def _complete(records: list[T], pages: Pages, count: int) -> list[T]:
    """The records if they are as many as announced."""
    if not pages.agree_with(len(records), count):
        raise unexpected(
            SYSTEM,
            "pages",
            f"{len(records)} records on {count} pages arrived; {pages.items} records, "
            f"total {pages.total} were announced",
        )
    return records
