"""A bare ConnectWise client for tests of the sandbox: no retries, nothing checked."""

from __future__ import annotations

import re
from typing import Any

import httpx
import simplejson

from core.sandbox.connectwise_model import Record
from core.sandbox.server import Sandbox
from core.sandbox.world import Table

FORWARD = {"pagination-type": "forward-only"}


class Api:
    """Calls with valid keys, and the world behind for what tests arrange and look up."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.switches = sandbox.controls.switches
        self.root = f"{sandbox.url}/v4_6_release/apis/3.0"
        access = sandbox.connectwise
        self.client = httpx.Client(
            base_url=self.root,
            auth=(f"{access.company}+{access.public_key}", access.private_key),
            headers={"clientId": access.client_id},
        )
        self._base = {
            name: (dict(table.records), table.next_id) for name, table in self.world.tables.items()
        }

    def restore(self) -> None:
        """The records as at the start. Stored records are never changed in place, only replaced."""
        for name, (records, next_id) in self._base.items():
            self.table(name).load(dict(records), next_id)
        self.switches.reset()
        self.sandbox.controls.rate_limit.reset(100_000)

    def table(self, name: str) -> Table:
        return self.world.tables[name]

    def call(self, method: str, route: str, **arguments: Any) -> httpx.Response:
        return self.client.request(method, route, **arguments)

    def get(self, route: str, **params: object) -> Any:
        """The JSON of a GET that succeeds."""
        return self._json(self.call("GET", route, params=params), 200)

    def post(self, route: str, body: object, **params: object) -> Any:
        """The JSON of a POST that succeeds."""
        return self._json(self._send("POST", route, body, params), 201)

    def put(self, route: str, body: object) -> Any:
        """The JSON of a PUT that succeeds."""
        return self._json(self._send("PUT", route, body, {}), 200)

    def patch(self, route: str, **changes: object) -> Any:
        """The JSON of a PATCH that succeeds, each change as a `replace`."""
        return self._json(self._send("PATCH", route, operations(changes), {}), 200)

    def refused(self, method: str, route: str, body: object, status: int = 400) -> Record:
        """The body of an answer of this status."""
        return self._json(self._send(method, route, body, {}), status)

    def errors(self, method: str, route: str, body: object) -> list[tuple[str, str]]:
        """Code and field of each reason of a validation error."""
        found = self.refused(method, route, body)
        assert found["code"] == "InvalidObject", found
        return [(item["code"], item["field"]) for item in found["errors"]]

    def _send(self, method: str, route: str, body: object, params: Any) -> httpx.Response:
        content = body if isinstance(body, str) else simplejson.dumps(body, use_decimal=True)
        return self.call(method, route, content=content, params=params)

    @staticmethod
    def _json(response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        return simplejson.loads(response.text, use_decimal=True)


def operations(changes: dict[str, object]) -> list[Record]:
    return [{"op": "replace", "path": name, "value": value} for name, value in changes.items()]


def links(response: httpx.Response) -> dict[str, str]:
    """The Link header by relation."""
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers.get("link", ""))
    return {relation: url for url, relation in found}


def new_product(**members: object) -> Record:
    """The least that a new catalog item needs, with references by name."""
    return {
        "identifier": "NEW-1",
        "description": "New",
        "customerDescription": "New product",
        "subcategory": {"name": "Laptops"},
        "type": {"name": "Hardware"},
        **members,
    }
