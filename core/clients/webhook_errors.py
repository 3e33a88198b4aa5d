"""What a person reads when a webhook did not take a notification."""

from __future__ import annotations

from collections.abc import Mapping

from core.clients.answers import Answer
from core.clients.delivery_trouble import Trouble, trouble_of
from core.errors import (
    AccessError,
    Message,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
    message,
)

SYSTEM = "webhook"


def judge(answer: Answer) -> VendorError:
    """What the client says of a refusal; `plain_error` puts it in words."""
    return RefusedError(message("Refused."), system=SYSTEM, status=answer.status)


def plain_error(error: VendorError) -> VendorError:
    """`error` of the client in words for a person who set up the webhook."""
    status = error.status
    if status is not None:
        return _answered(status)
    trouble = trouble_of(error)
    if isinstance(error, AccessError) and trouble is not Trouble.CERTIFICATE:
        return AccessError(
            message("The address of the webhook cannot be used."),
            system=SYSTEM,
            remedy=message("Copy NOTIFY_WEBHOOK_URL again, without spaces or accents."),
        )
    text, remedy = _NOT_ANSWERED[trouble]
    return TryAgainError(text, system=SYSTEM, remedy=remedy, detail=trouble.name)


def _answered(status: int) -> VendorError:
    if status == 429:
        return TryAgainError(
            message(
                "The receiver of the webhook gets too many notifications (error {status}).",
                status=status,
            ),
            system=SYSTEM,
            status=status,
            remedy=message("It is sent again later. Choose fewer events if this happens often."),
        )
    if status == 408 or status >= 500:
        return TryAgainError(
            message(
                "The receiver of the webhook is having trouble (error {status}).", status=status
            ),
            system=SYSTEM,
            status=status,
            remedy=message("It is sent again later. If it stays so, look into the receiver's log."),
        )
    if status < 400:
        return UnexpectedAnswerError(
            message("The webhook is answered with a redirection ({status}).", status=status),
            system=SYSTEM,
            status=status,
            remedy=message(
                "Set NOTIFY_WEBHOOK_URL to the address that it leads to. Redirections are not "
                "followed."
            ),
        )
    return _refused(status)


def _refused(status: int) -> VendorError:
    if status in (401, 403):
        return AccessError(
            message(
                "The receiver of the webhook does not trust the sender (error {status}).",
                status=status,
            ),
            system=SYSTEM,
            status=status,
            remedy=message(
                "Check that NOTIFY_WEBHOOK_SECRET is the same on both sides and that the clocks "
                "of both computers are right."
            ),
        )
    if status in (404, 405, 410):
        return AccessError(
            message(
                "The receiver of the webhook does not know the address (error {status}).",
                status=status,
            ),
            system=SYSTEM,
            status=status,
            remedy=message("Check NOTIFY_WEBHOOK_URL: path and token too."),
        )
    return RefusedError(
        message(
            "The receiver of the webhook refused the notification (error {status}).", status=status
        ),
        system=SYSTEM,
        status=status,
        remedy=message("Look into the receiver's log. The README describes what is sent."),
    )


_CHECK_HOST = message("Check NOTIFY_WEBHOOK_URL and the network.")
_NOT_ANSWERED: Mapping[Trouble, tuple[Message, Message]] = {
    Trouble.NAME_UNKNOWN: (
        message("The host of the webhook is not known."),
        message("Check the spelling of the host in NOTIFY_WEBHOOK_URL, and the network."),
    ),
    Trouble.UNREACHABLE: (message("The host of the webhook cannot be reached."), _CHECK_HOST),
    Trouble.TIMED_OUT: (
        message("The receiver of the webhook did not answer in time."),
        message(
            "Look whether the receiver is running and answers before it works. Check "
            "NOTIFY_WEBHOOK_URL: port and firewall too."
        ),
    ),
    Trouble.CERTIFICATE: (
        message("The certificate of the webhook's host cannot be trusted."),
        message(
            "Check the host in NOTIFY_WEBHOOK_URL, the clock of this computer, and whether a "
            "proxy or firewall opens encrypted connections."
        ),
    ),
    Trouble.ENCRYPTION: (
        message("No encrypted connection to the host of the webhook could be made."),
        message("Check the port in NOTIFY_WEBHOOK_URL and whether it takes https."),
    ),
    Trouble.CUT_OFF: (
        message("The receiver of the webhook closed the connection without an answer."),
        message("Look into the receiver's log. Check the port in NOTIFY_WEBHOOK_URL."),
    ),
}
