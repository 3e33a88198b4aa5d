"""Sophos' refusals as errors with one sentence, the remedy, and the number for its support.

The body of a refusal is `{error, message, correlationId, code, requestId, ...}`; the sign-in server
answers `{errorCode, message}`.
"""

from __future__ import annotations

from collections.abc import Callable

from core.clients.answers import Answer
from core.clients.sophos_parsing import SYSTEM, Identity
from core.errors import (
    AccessError,
    Message,
    NotFoundError,
    RefusedError,
    UnexpectedAnswerError,
    VendorError,
    message,
)


def sign_in_refusal(answer: Answer) -> VendorError:
    """The error for credentials that do not get a token."""
    return _access(
        answer,
        message("Sophos did not accept the API credentials."),
        message(
            "Check SOPHOS_CLIENT_ID and SOPHOS_CLIENT_SECRET. If they were deleted or have "
            "expired, create new ones in Sophos Central Partner under Settings & Policies > "
            "API Credentials."
        ),
    )


def refusal(answer: Answer) -> VendorError:
    """The error for an answer of the API that is not a success."""
    if answer.status == 401:
        return sign_in_refusal(answer)
    if answer.status == 403:
        return _access(
            answer,
            message("The Sophos API credentials may not read this."),
            message(
                "Create credentials of Sophos Central Partner (not of one customer) that may read "
                "billing. Usage is only there for MSP Connect Flex partners."
            ),
        )
    if answer.status == 404 and not isinstance(answer.body, dict):
        # Of some server in between: it must not pass for a month without usage.
        return _other(UnexpectedAnswerError, answer)
    return _other(NotFoundError if answer.status == 404 else RefusedError, answer)


def _other(kind: Callable[..., VendorError], answer: Answer) -> VendorError:
    return kind(
        message("Sophos did not accept the request: {reason}", reason=_said(answer)),
        system=SYSTEM,
        status=answer.status,
        request_id=support_number(answer),
        remedy=message(
            "Nothing was changed in Sophos. Report it with this text if it happens again."
        ),
        detail=answer.excerpt,
    )


def not_a_partner(identity: Identity) -> AccessError:
    """The error for credentials of one customer or of an organization."""
    known = {
        "organization": message(
            "These Sophos credentials belong to an organization, not to a partner."
        ),
        "tenant": message("These Sophos credentials belong to a customer, not to a partner."),
    }
    other = message(
        "These Sophos credentials are of the kind “{kind}”, not of a partner.", kind=identity.kind
    )
    return AccessError(
        known.get(identity.kind, other),
        system=SYSTEM,
        remedy=message(
            "Create credentials in Sophos Central Partner, and set SOPHOS_CLIENT_ID and "
            "SOPHOS_CLIENT_SECRET to them."
        ),
    )


def support_number(answer: Answer) -> str | None:
    """What Sophos' support asks for."""
    body = answer.body if isinstance(answer.body, dict) else {}
    number = body.get("correlationId") or body.get("requestId") or answer.request_id
    return str(number) if number else None


def _access(answer: Answer, text: Message, remedy: Message) -> AccessError:
    return AccessError(
        text,
        system=SYSTEM,
        status=answer.status,
        request_id=support_number(answer),
        remedy=remedy,
        detail=answer.excerpt,
    )


def _said(answer: Answer) -> str | Message:
    """In the server's words; the status in the reader's where it said nothing."""
    body = answer.body if isinstance(answer.body, dict) else {}
    said = body.get("message") or body.get("error") or answer.sentence
    return said if isinstance(said, Message) else " ".join(str(said).split())[:300]
