"""ConnectWise's refusals, each as an error with one sentence and the remedy.

Status and body of several cases are documented in part only, and gateways answer in plain text, so
the text is looked at before the status. Sources: the ConnectWise developer guide, and bodies
recorded from live servers in public projects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.clients.answers import Answer
from core.clients.connectwise_fields import our_name
from core.clients.connectwise_parsing import SYSTEM
from core.errors import (
    AccessError,
    Message,
    NotFoundError,
    OutcomeUnknownError,
    Problem,
    RefusedError,
    VendorError,
    message,
)

_CLOUD_HOSTS = ("myconnectwise.net", "connectwisedev.com")
# 400 is here for the client ID: which of the three a server answers is not documented.
_ACCESS = (400, 401, 403)
_LENGTH = re.compile(r"maximum length of (\d+)", re.IGNORECASE)
_MEMBER = re.compile(r"could not find member '([^']*)'", re.IGNORECASE)
# What HTTP keeps of an answer: its status and its start, perhaps cut within the JSON.
_ANSWERED = re.compile(r"status [45]\d\d: (.*)", re.DOTALL)
_MESSAGE = re.compile(r'"message"\s*:\s*("(?:[^"\\]|\\.)*)')
_PATH = re.compile(r"\bpath '([^']*)'", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """What a call was about: `record` is False for a list, which always exists."""

    path: str
    record: bool
    url: str
    codebase_is_set: bool = False


def refusal(answer: Answer, target: Target) -> VendorError:
    """The error for an answer that is not a success."""
    text = _said(answer).lower()
    if text.startswith("ssl is required"):
        return _wrong_address(answer, target.url)
    if text.startswith("cannot route"):
        return _no_route(answer, target)
    if answer.status in _ACCESS or "usernotauthenticated" in text:
        return _no_access(answer, target, text)
    if answer.status == 404:
        return _gone(answer) if target.record else _nothing_there(answer)
    return _refused(answer)


def _no_access(answer: Answer, target: Target, text: str) -> AccessError | RefusedError:
    if "clientid" in text.replace(" ", ""):
        return _wrong_client_id(answer)
    if answer.status == 403:
        return _no_permission(answer, target)
    if answer.status == 401 or "usernotauthenticated" in text:
        return _wrong_keys(answer)
    return _refused(answer)


def no_site(answer: Answer, url: str) -> VendorError:
    """The error for a refusal of the company lookup, which needs no sign-in."""
    if _said(answer).lower().startswith("ssl is required"):
        return _wrong_address(answer, url)
    return _access(
        answer,
        message("No ConnectWise answers at {url}.", url=url),
        message("Check CONNECTWISE_URL, for example https://api-na.myconnectwise.net."),
    )


def unknown_company(company: str, url: str) -> AccessError:
    """The error for a company that the server does not know."""
    return AccessError(
        message("ConnectWise does not know the company “{company}”.", company=company),
        system=SYSTEM,
        remedy=message(
            "Check CONNECTWISE_COMPANY: it is the company of the ConnectWise sign-in page, and "
            "capital letters count. Check that CONNECTWISE_URL ({url}) is your region.",
            url=url,
        ),
    )


def _access(answer: Answer, text: Message, remedy: Message) -> AccessError:
    return AccessError(
        text,
        system=SYSTEM,
        status=answer.status,
        request_id=answer.request_id,
        remedy=remedy,
        detail=answer.excerpt,
    )


def _wrong_address(answer: Answer, url: str) -> AccessError:
    return _access(
        answer,
        message("This address of ConnectWise does not take API calls."),
        message("Set CONNECTWISE_URL to {url}.", url=api_address(url)),
    )


def api_address(url: str) -> str:
    """The API address for a cloud address without the `api-` prefix, always https."""
    host = urlsplit(url).netloc
    if host.endswith(_CLOUD_HOSTS) and not host.startswith("api-"):
        host = "api-" + host
    return "https://" + host


def _no_route(answer: Answer, target: Target) -> AccessError:
    remedy = message("Check CONNECTWISE_COMPANY and CONNECTWISE_URL.")
    if target.codebase_is_set:
        remedy = message(
            "Check CONNECTWISE_COMPANY, and remove CONNECTWISE_CODEBASE: it is then looked up."
        )
    return _access(
        answer,
        message("ConnectWise cannot route the call: it does not know this company or codebase."),
        remedy,
    )


def _wrong_client_id(answer: Answer) -> AccessError:
    return _access(
        answer,
        message("ConnectWise did not accept the client ID."),
        message(
            "Check CONNECTWISE_CLIENT_ID: it comes from developer.connectwise.com and belongs to "
            "the integration, not to the API member."
        ),
    )


def _wrong_keys(answer: Answer) -> AccessError:
    return _access(
        answer,
        message("ConnectWise did not accept the API keys."),
        message(
            "Check CONNECTWISE_PUBLIC_KEY, CONNECTWISE_PRIVATE_KEY and CONNECTWISE_COMPANY "
            "(capital letters count), that the API member is active, and CONNECTWISE_CLIENT_ID."
        ),
    )


_PERMISSIONS: Mapping[str, str] = {
    "/procurement/catalog": "Procurement > Product Catalog: Add, Edit, Inquire",
    "/finance/agreements": "Finance > Agreements: Add, Edit, Inquire",
    "/company/companies": "Companies > Company Maintenance: Inquire",
    "/system/audittrail": "System > System Reports: Inquire",
}
_SETUP_PERMISSION = "System > Table Setup: Inquire"


def permission_for(path: str) -> str:
    """The permission of the security role that a path needs, in ConnectWise's own words."""
    found = [name for prefix, name in _PERMISSIONS.items() if path.startswith(prefix)]
    return found[0] if found else _SETUP_PERMISSION


def _no_permission(answer: Answer, target: Target) -> AccessError:
    return _access(
        answer,
        message("The API member has no permission for this in ConnectWise."),
        message(
            "Give its security role “{permission}”, each at level All.",
            permission=permission_for(target.path),
        ),
    )


def _nothing_there(answer: Answer) -> AccessError:
    return _access(
        answer,
        message("ConnectWise has no such list at this address (error 404)."),
        message(
            "In the cloud this is how wrong keys look too: check CONNECTWISE_URL, "
            "CONNECTWISE_COMPANY, CONNECTWISE_PUBLIC_KEY and CONNECTWISE_PRIVATE_KEY."
        ),
    )


def _gone(answer: Answer) -> NotFoundError:
    return NotFoundError(
        message("This record no longer exists in ConnectWise."),
        system=SYSTEM,
        status=answer.status,
        request_id=answer.request_id,
        remedy=message("Refresh the lists and choose another one."),
        detail=answer.excerpt,
    )


def _refused(answer: Answer) -> RefusedError:
    problems = tuple(_problems(answer))
    text = message("ConnectWise did not accept this: {reason}", reason=_told(answer))
    if problems:
        text = message("ConnectWise did not accept these values.")
    return RefusedError(
        text,
        problems,
        system=SYSTEM,
        status=answer.status,
        request_id=answer.request_id,
        remedy=message("Correct what is marked and try again. ConnectWise wrote nothing of this."),
        detail=answer.excerpt,
    )


def _told(answer: Answer) -> str | Message:
    """What the server said; where it said nothing, the status in the reader's words."""
    said = answer.sentence
    return said if _words(answer) is None and isinstance(said, Message) else _said(answer)[:300]


def _said(answer: Answer) -> str:
    """The sentence of the server: its `message`, or an answer that is plain text."""
    return " ".join(str(_words(answer) or answer.sentence).split())


def _words(answer: Answer) -> object:
    """What the JSON of a refusal says, None where it says nothing."""
    body = answer.body if isinstance(answer.body, dict) else {}
    return body.get("message") or body.get("error") or body.get("code")


def said_instead(lost: OutcomeUnknownError) -> str | Message:
    """What the server said of an error of its own, in its words, or that it was one where they are
    not for people; empty where it said nothing.

    Whether the call was carried out does not follow from it.
    """
    answered = _ANSWERED.match(lost.detail or "")
    if answered is None:
        return ""
    found = _MESSAGE.search(answered[1])
    said = _unquoted(found[1]) if found else answered[1]
    if not said.strip() or said.lstrip().startswith("<"):
        return message("error {status}", status=lost.status or 0)
    return " ".join(said.split())[:300]


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text + '"'))
    except ValueError:  # cut within an escape
        return text[1:]


def _problems(answer: Answer) -> list[Problem]:
    body = answer.body if isinstance(answer.body, dict) else {}
    items = body.get("errors")
    listed = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if listed:
        return [_problem(item) for item in listed]
    named = _MEMBER.search(_said(answer)) or _PATH.search(_said(answer))
    field = our_name(named[1]) if named else None
    return [Problem(_reason(_said(answer)), field)] if field else []


def _problem(item: Mapping[str, object]) -> Problem:
    said = str(item.get("message") or item.get("code") or "")
    field = our_name(str(item.get("field") or ""))
    code = item.get("code")
    length = _LENGTH.search(said)
    if code == "MissingRequiredField" and field is not None:
        return Problem(message("ConnectWise needs a value here."), field)
    if code == "MaxLengthField" and length and field is not None:
        return Problem(message("At most {limit} characters.", limit=int(length[1])), field)
    return Problem(_reason(said), field)


def _reason(said: str) -> Message:
    return message("ConnectWise says: {reason}", reason=" ".join(said.split())[:500])
