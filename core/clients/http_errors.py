"""What a person reads when a call got no usable answer, whoever the vendor is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from core.clients.answers import Answer
from core.clients.retrying import Delivery, Failure, is_client_fault, is_rate_limit
from core.errors import (
    AccessError,
    Message,
    OutcomeUnknownError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
    message,
)


@dataclass(frozen=True)
class Failed:
    """A call that failed for good; `answer` is what came back, if anything did."""

    system: str
    host: str
    failure: Failure
    answer: Answer | None
    idempotent: bool


def is_refusal(failure: Failure) -> bool:
    """Whether the server understood the call and did not carry it out."""
    status = failure.status or 0
    return (400 <= status < 500 and status not in (408, 429)) or is_client_fault(failure)


def error_of(failed: Failed) -> VendorError:
    """The error of a failed call that is not a refusal."""
    failure = failed.failure
    if failure.delivery is Delivery.NOT_SENT:
        return _try_again(failed, _unreachable(failed), _check_network(failed))
    if is_rate_limit(failure):
        return _try_again(failed, _too_many(failed), _wait_a_minute(failed))
    if not failed.idempotent:
        return outcome_unknown(failed.system, failed.answer, failure.reason)
    if failed.answer is not None and failed.answer.status < 400:
        return _not_data(failed, failed.answer)
    return _try_again(failed, _trouble(failed), _wait_some_minutes(failed))


# Where nothing was changed is said: here, a month may have become incomplete by the failure.


def _check_network(failed: Failed) -> Message:
    return message(
        "Check the network and the address in the settings, then try again. Nothing was changed "
        "in {system}.",
        system=failed.system,
    )


def _wait_a_minute(failed: Failed) -> Message:
    return message(
        "Wait a minute and try again. Nothing was changed in {system}.", system=failed.system
    )


def _wait_some_minutes(failed: Failed) -> Message:
    return message(
        "Try again in a few minutes. Nothing was changed in {system}.", system=failed.system
    )


def outcome_unknown(system: str, answer: Answer | None, reason: str | None) -> OutcomeUnknownError:
    """The error of a write that may or may not have happened."""
    return OutcomeUnknownError(
        message("The answer of {system} to a change was lost.", system=system),
        system=system,
        status=answer.status if answer else None,
        request_id=answer.request_id if answer else None,
        remedy=message(
            "Look in {system} whether the change was made before trying again.", system=system
        ),
        detail=reason,
    )


def unsendable(system: str, error: Exception) -> AccessError:
    """The error for settings that HTTP cannot carry. The value is not quoted: it may be a key."""
    return AccessError(
        message(
            "The connection settings of {system} hold characters that cannot be sent.",
            system=system,
        ),
        system=system,
        remedy=message("Copy the address and the keys again, without line breaks or accents."),
        detail=type(error).__name__,
    )


def untrusted(system: str, host: str, error: Exception) -> AccessError:
    """The error for a certificate that cannot be verified: not passing trouble."""
    return AccessError(
        message("The certificate of {host} cannot be trusted.", host=host),
        system=system,
        remedy=message(
            "Check the address in the settings, the clock of this computer, and whether a "
            "proxy or firewall opens encrypted connections."
        ),
        detail=str(error),
    )


def is_certificate_trouble(error: BaseException | None) -> bool:
    """Whether a connection failed because the server could not prove who it is."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _unreachable(failed: Failed) -> Message:
    return message("{system} cannot be reached at {host}.", system=failed.system, host=failed.host)


def _too_many(failed: Failed) -> Message:
    return message("{system} is receiving too many requests.", system=failed.system)


def _trouble(failed: Failed) -> Message:
    if failed.answer is None:
        return message("{system} did not answer in full.", system=failed.system)
    return message(
        "{system} is having trouble (error {status}).",
        system=failed.system,
        status=failed.answer.status,
    )


def _try_again(failed: Failed, text: Message, remedy: Message) -> TryAgainError:
    return TryAgainError(
        text,
        system=failed.system,
        status=failed.failure.status,
        request_id=failed.answer.request_id if failed.answer else None,
        remedy=remedy,
        detail=failed.failure.reason,
    )


def _not_data(failed: Failed, answer: Answer) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        message("{host} answered with something else than data.", host=failed.host),
        system=failed.system,
        status=answer.status,
        request_id=answer.request_id,
        remedy=message(
            "Check that the address in the settings is that of the {system} API, and that no "
            "proxy or sign-in page stands in between.",
            system=failed.system,
        ),
        detail=answer.excerpt,
    )
