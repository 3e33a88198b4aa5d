"""Who may call: company, keys and client ID, and what each missing piece is answered with."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.sandbox.connectwise_answers import ApiError
from core.sandbox.switches import Switches


@dataclass(frozen=True)
class Credentials:
    """What a client needs to call the sandbox's ConnectWise.

    Any client ID is accepted, as every integrator has its own.
    """

    company: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)
    client_id: str = field(repr=False)


def admit(headers: Mapping[str, str], credentials: Credentials, switches: Switches) -> None:
    """Let a request pass, or refuse it.

    Basic authentication is `company+public:private`, the company being case-sensitive; every call
    also carries a `clientId` header (Developer Guide).

    Raises:
        ApiError: 401 or 404 for wrong keys, 401, 400 or 403 without a client ID (switches).
    """
    given = _basic(headers.get("authorization", ""))
    wanted = f"{credentials.company}+{credentials.public_key}:{credentials.private_key}"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise _not_authenticated(switches)
    if not headers.get("clientid", "").strip():
        status = int(switches.missing_client_id)
        raise ApiError(status, "ConnectWiseApi", "The request has no clientId header.")


def _basic(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _not_authenticated(switches: Switches) -> ApiError:
    if switches.auth_failure == "404":
        # Cloud servers may hide behind a 404 that the keys are wrong (Developer Guide).
        return ApiError(404, "NotFound", "Resource not found")
    return ApiError(401, "ConnectWiseApi", "UserNotAuthenticated")
