"""Notifications by HTTP: one signed POST each, as standardwebhooks.com describes it.

The receiver knows by the signature who sent it and by the id whether it has it already. Neither
the address nor the secret is ever logged or part of an error: the address may hold a token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from core.clients.http import BaseTransport, Http, HttpLimits
from core.clients.webhook_errors import SYSTEM, judge, plain_error
from core.errors import VendorError
from core.notification_settings import WebhookSettings

ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
_BASE64_SECRET = "whsec_"  # noqa: S105 - the mark before a secret, not one
# Repeating is the outbox's business: it waits longer, and survives a restart.
_LIMITS = HttpLimits(read_timeout=20.0, attempts=1, in_flight=1)


@dataclass(frozen=True)
class Post:
    """One notification as it is sent. `id` stays the same when it is sent again."""

    id: str
    body: bytes = field(repr=False)


class Webhook:
    """The receiver that is configured. `transport` replaces the network in tests."""

    def __init__(
        self,
        settings: WebhookSettings,
        limits: HttpLimits | None = None,
        *,
        transport: BaseTransport | None = None,
    ) -> None:
        self._secret = secret_bytes(settings.secret)
        parts = urlsplit(settings.url)
        self._path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._http = Http(
            SYSTEM, base, replace(limits, attempts=1) if limits else _LIMITS, transport=transport
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, post: Post, at: datetime) -> None:
        """Send once; done is any answer from 200 to 299.

        Raises RefusedError (this notification), or TryAgainError, AccessError or
        UnexpectedAnswerError (every other one would fail too), each with the remedy.
        """
        try:
            self._http.send(
                "POST",
                self._path,
                content=post.body,
                headers={
                    "Content-Type": "application/json",
                    **signed_headers(self._secret, post, at),
                },
                idempotent=True,
                label="(address)",
                accept=lambda answer: 200 <= answer.status < 300,
                judge=judge,
            )
        except VendorError as error:
            # Without its cause, which tells the address.
            raise plain_error(error) from None


def secret_bytes(secret: str) -> bytes:
    """The key to sign with: what stands after `whsec_` in base64, or the text as it is."""
    if secret.startswith(_BASE64_SECRET):
        with suppress(binascii.Error):
            decoded = base64.b64decode(secret.removeprefix(_BASE64_SECRET), validate=True)
            return decoded or secret.encode("utf-8")
    return secret.encode("utf-8")


def signed_headers(secret: bytes, post: Post, at: datetime) -> Mapping[str, str]:
    """Id, time and signature: HMAC-SHA256 over `id.time.body`, in base64 after `v1,`."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((post.id.encode("ascii"), seconds.encode("ascii"), post.body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return {
        ID_HEADER: post.id,
        TIME_HEADER: seconds,
        SIGNATURE_HEADER: "v1," + base64.b64encode(digest).decode("ascii"),
    }
