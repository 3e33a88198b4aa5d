"""Which addresses secrets may be sent to: keys travel encrypted, or do not leave this machine."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def is_protected(url: str) -> bool:
    """Whether what is sent to `url` is encrypted or stays on this machine."""
    parts = _parts(url)
    if parts is None:
        return False
    on_this_machine = parts.scheme == "http" and is_this_machine(parts.hostname or "")
    return parts.scheme == "https" or on_this_machine


def is_web_address(url: str) -> bool:
    """Whether `url` is an address of the web at all."""
    parts = _parts(url)
    return parts is not None and parts.scheme in ("http", "https")


def is_this_machine(host: str) -> bool:
    """Whether `host` names the machine that this runs on."""
    return host.lower() in _THIS_MACHINE


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that names a host, None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # an address like https://[half
        return None
    return parts if parts.hostname else None
