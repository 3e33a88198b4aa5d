"""The same work by a plain loop over a public client: read, compare, patch, one after the other."""

from __future__ import annotations

import time

from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.config import Config


def loop_seconds_per_request(access: dict[str, str], first: int, agreements: int) -> float:
    """Seconds per request of reading the additions of some agreements and patching each one.

    Each addition is patched with the quantity that it has, so that the world stays as it was.
    """
    client = _client(access)
    started = time.perf_counter()
    requests = 0
    for agreement_id in range(first, first + agreements):
        additions = client.finance.agreements.id(agreement_id).additions
        found = additions.get(params={"pageSize": 1000})
        requests += 1
        for addition in found[:3]:
            operation = {"op": "replace", "path": "quantity", "value": addition.quantity}
            additions.id(addition.id).patch([operation])
            requests += 1
    return (time.perf_counter() - started) / requests


def _client(access: dict[str, str]) -> ConnectWiseManageAPIClient:
    host = access["url"].removeprefix("http://")
    client = ConnectWiseManageAPIClient(
        access["company"],
        host,
        access["client_id"],
        access["public_key"],
        access["private_key"],
        config=Config(max_retries=1),
        codebase="v4_6_release/",
    )
    client.codebase = "v4_6_release/"
    # The sandbox speaks plain HTTP; the client knows https only.
    url = f"http://{host}/v4_6_release/apis/3.0"
    client._get_url = lambda: url
    return client
