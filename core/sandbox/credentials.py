"""The keys that the sandbox accepts. They open nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.sandbox.connectwise_gate import Credentials as ConnectWiseCredentials


@dataclass(frozen=True)
class SophosCredentials:
    """What a client needs to call the sandbox's Sophos: an API client of the partner."""

    client_id: str
    client_secret: str = field(repr=False)


CONNECTWISE = ConnectWiseCredentials(
    company="usagesync_demo",
    public_key="demoPublicKey001",
    private_key="demoPrivateKey01",
    client_id="00000000-0000-4000-8000-000000000001",
)
SOPHOS = SophosCredentials(
    client_id="00000000-0000-4000-8000-000000000002",
    client_secret="demoClientSecret",  # noqa: S106  (opens nothing but the sandbox)
)
