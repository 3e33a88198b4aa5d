"""The bearer token of Sophos: kept until shortly before it ends, and renewed once on a 401.

`POST {id}/api/v2/oauth2/token` with client credentials gives a token for `expires_in` seconds
(3600). A new one costs the same call as a refresh, so the refresh token is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.clients.http import Http
from core.clients.parsing import Reader
from core.clients.sophos_errors import sign_in_refusal
from core.clients.sophos_parsing import SYSTEM
from core.errors import UnexpectedAnswerError, message
from core.settings import SophosSettings

TOKEN_PATH = "/api/v2/oauth2/token"  # noqa: S105 - a path
RENEW_BEFORE_END = 120.0


class TokenSource:
    """Gives the current token to all threads. `clock` is monotonic seconds."""

    def __init__(self, settings: SophosSettings, http: Http, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def current(self) -> str:
        """The token, fetched if there is none or it is about to end."""
        with self._lock:
            if not self._token or self._clock() >= self._ends:
                self._fetch()
            return self._token

    def after_refusal(self, refused: str) -> str:
        """Another token than the one that was refused."""
        with self._lock:
            if self._token == refused:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        self._token = ""
        asked = self._clock()
        answer = self._http.send(
            "POST",
            TOKEN_PATH,
            form={
                "grant_type": "client_credentials",
                "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret,
                "scope": "token",
            },
            # Asking for a token changes nothing, so a lost answer may be asked for again.
            idempotent=True,
            judge=sign_in_refusal,
        )
        try:
            reader = Reader.of(SYSTEM, answer.body, "token")
            self._token = reader.text("access_token")
            lifetime = float(reader.decimal("expires_in"))
        except UnexpectedAnswerError as error:
            self._token = ""
            raise UnexpectedAnswerError(
                message("{host} did not answer like the sign-in of Sophos.", host=self._http.host),
                system=SYSTEM,
                status=answer.status,
                remedy=message("Check SOPHOS_ID_URL; usually it is not set."),
                # Names the field, never the answer: it may hold a token.
                detail=error.detail,
            ) from None
        # A lifetime shorter than the margin still serves for half of it.
        self._ends = asked + max(lifetime - RENEW_BEFORE_END, lifetime / 2)
