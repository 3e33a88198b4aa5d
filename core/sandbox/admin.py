"""`/_sandbox`: what tests and demos change from outside, all JSON.

| path                       | methods                                                            |
|----------------------------|--------------------------------------------------------------------|
| `/`                        | GET: the day, the months with usage, sizes of the tables            |
| `/reset`                   | POST: everything as after the start                                 |
| `/faults`                  | GET, POST (a rule or a list of rules), DELETE                       |
| `/switches`                | GET, PATCH, DELETE (defaults)                                       |
| `/counters`                | GET, DELETE (zero)                                                  |
| `/rate-limit`              | GET, PATCH `{"per_minute": n}`, DELETE (default)                    |
| `/sophos`                  | GET, PATCH (token lifetime, `revoke_tokens`, ...), DELETE (default) |
| `/tables/{table}`          | GET, POST (a new record)                                            |
| `/tables/{table}/{id}`     | GET, PATCH (members; null removes one), DELETE; `?by=` names who    |
| `/usage/{YYYY-MM}`         | GET, PUT (the month's lines, or null for a month without data)      |
| `/sophos-products/{code}`  | PUT `{"description": ...}`: the vendor renames a product            |
| `/tenants/{id}`            | PATCH (members; null removes one)                                   |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import simplejson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.sandbox.connectwise_additions import ADDITIONS
from core.sandbox.connectwise_agreements import AGREEMENTS
from core.sandbox.connectwise_audit import note_changed, note_deleted
from core.sandbox.connectwise_catalog import CATALOG
from core.sandbox.controls import Controls
from core.sandbox.faults import InvalidFaultError, rule_from_json
from core.sandbox.switches import UnknownSwitchError
from core.sandbox.world import Record, Table, World

DEFAULT_PERSON = "p.martin"

# What a person does in ConnectWise's own windows leaves the same trail as the API does.
_AUDITED = {resource.table: resource for resource in (CATALOG, AGREEMENTS, ADDITIONS)}


@dataclass(frozen=True)
class Call:
    """One request to the controls: what is in its path, its JSON body, and who it speaks for."""

    path: dict[str, Any]
    body: Any
    by: str


Handler = Callable[[Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class AdminError(Exception):
    """A request that cannot be followed, with its status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Admin:
    """The endpoints; each takes the request and its JSON body and returns what to answer."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._world = controls.world

    def routes(self) -> list[BaseRoute]:
        """All routes below `/_sandbox`."""
        paths = {**self._whole(), **self._behaviour(), **self._records(), **self._vendor()}
        return [
            Route(f"/_sandbox{path}", _endpoint(self._world, handlers), methods=list(handlers))
            for path, handlers in paths.items()
        ]

    # ------------------------------------------------------------ the whole

    def _whole(self) -> dict[str, dict[str, Handler]]:
        return {
            "": {"GET": lambda _: self.overview()},
            "/": {"GET": lambda _: self.overview()},
            "/reset": {"POST": lambda _: _after(self._controls.reset, self.overview)},
        }

    def overview(self) -> Record:
        """The world in numbers."""
        tables = {name: len(table.records) for name, table in self._world.tables.items()}
        return {
            "today": self._world.today.isoformat(),
            "months": self._world.usage_months(),
            "tenants": len(self._world.tenants),
            "tables": tables,
        }

    # ------------------------------------------------------------ behaviour

    def _behaviour(self) -> dict[str, dict[str, Handler]]:
        faults, switches = self._controls.faults, self._controls.switches
        counters, limit = self._controls.counters, self._controls.rate_limit
        return {
            "/faults": {
                "GET": lambda _: faults.as_json(),
                "POST": lambda call: self._add_faults(call.body),
                "DELETE": lambda _: _after(faults.clear, faults.as_json),
            },
            "/switches": {
                "GET": lambda _: switches.as_json(),
                "PATCH": lambda call: self._set_switches(_object(call.body)),
                "DELETE": lambda _: _after(switches.reset, switches.as_json),
            },
            "/counters": {
                "GET": lambda _: counters.as_json(),
                "DELETE": lambda _: _after(counters.reset, counters.as_json),
            },
            "/rate-limit": {
                "GET": lambda _: self._limit(),
                "PATCH": lambda call: self._set_limit(_object(call.body)),
                "DELETE": lambda _: _after(limit.reset, self._limit),
            },
        }

    def _add_faults(self, body: Any) -> list[dict[str, object]]:
        given = body if isinstance(body, list) else [body]
        try:
            rules = [rule_from_json(_object(item)) for item in given]
        except InvalidFaultError as error:
            raise AdminError(400, str(error)) from error
        for rule in rules:
            self._controls.faults.add(rule)
        return self._controls.faults.as_json()

    def _set_switches(self, wanted: Record) -> dict[str, object]:
        try:
            self._controls.switches.update(wanted)
        except UnknownSwitchError as error:
            raise AdminError(400, str(error)) from error
        return self._controls.switches.as_json()

    def _limit(self) -> Record:
        return {"per_minute": self._controls.rate_limit.per_minute}

    def _set_limit(self, body: Record) -> Record:
        wanted = body.get("per_minute")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0:
            raise AdminError(400, "per_minute is a whole number from 0 on")
        self._controls.rate_limit.reset(wanted)
        return self._limit()

    # ------------------------------------------------------------ records

    def _records(self) -> dict[str, dict[str, Handler]]:
        return {
            "/tables/{table}": {
                "GET": lambda call: self._table(call).all(),
                "POST": self._insert,
            },
            "/tables/{table}/{id:int}": {
                "GET": lambda call: self._existing(call)[1],
                "PATCH": self._patch_record,
                "DELETE": self._delete_record,
            },
        }

    def _table(self, call: Call) -> Table:
        name = call.path["table"]
        if name not in self._world.tables:
            raise AdminError(404, f"no table {name!r}; there are {sorted(self._world.tables)}")
        return self._world.tables[name]

    def _existing(self, call: Call) -> tuple[Table, Record]:
        table = self._table(call)
        record = table.get(call.path["id"])
        if record is None:
            raise AdminError(404, f"no record {call.path['id']} in {table.name}")
        return table, record

    def _insert(self, call: Call) -> Record:
        table = self._table(call)
        return table.records[table.insert(self._stamped(call, _object(call.body)))]

    def _patch_record(self, call: Call) -> Record:
        table, record = self._existing(call)
        table.replace(record["id"], self._stamped(call, _merged(record, _object(call.body))))
        changed = table.records[record["id"]]
        if table.name in _AUDITED:
            note_changed(self._world, _AUDITED[table.name], record, changed, call.by)
        return changed

    def _delete_record(self, call: Call) -> Record:
        table, record = self._existing(call)
        table.delete(record["id"])
        if table.name in _AUDITED:
            note_deleted(self._world, _AUDITED[table.name], record, call.by)
        return record

    def _stamped(self, call: Call, record: Record) -> Record:
        info = {**record.get("_info", {}), "lastUpdated": _iso(self._world.now())}
        return {**record, "_info": {**info, "updatedBy": call.by}}

    # ------------------------------------------------------------ Sophos

    def _vendor(self) -> dict[str, dict[str, Handler]]:
        world, behaviour = self._world, self._controls.sophos.behaviour
        return {
            "/sophos": {
                "GET": lambda _: asdict(behaviour),
                "PATCH": lambda call: self._set_sophos(_object(call.body)),
                "DELETE": lambda _: _after(behaviour.reset, lambda: asdict(behaviour)),
            },
            "/usage/{month}": {
                "GET": lambda call: world.usage_lines(call.path["month"]),
                "PUT": lambda call: self._set_usage(call.path["month"], call.body),
            },
            "/sophos-products/{code}": {
                "PUT": lambda call: self._rename(call.path["code"], _object(call.body)),
            },
            "/tenants/{id}": {
                "PATCH": lambda call: self._patch_tenant(call.path["id"], _object(call.body)),
            },
        }

    def _set_sophos(self, body: Record) -> Record:
        wanted = dict(body)
        revoke = wanted.pop("revoke_tokens", False)
        try:
            self._controls.sophos.behaviour.update(wanted)
        except ValueError as error:
            raise AdminError(400, str(error)) from error
        if revoke:
            self._controls.sophos.tokens.revoke()
        return asdict(self._controls.sophos.behaviour)

    def _set_usage(self, month: str, lines: Any) -> list[Record] | None:
        if lines is not None and not isinstance(lines, list):
            raise AdminError(400, "the body is a list of lines, or null")
        self._world.set_usage_lines(month, lines)
        return self._world.usage_lines(month)

    def _rename(self, code: str, body: Record) -> Record:
        description = body.get("description")
        if not isinstance(description, str):
            raise AdminError(400, "description is a text")
        self._world.rename_sophos_product(code, description)
        return {"code": code, "description": description}

    def _patch_tenant(self, tenant_id: str, changes: Record) -> Record:
        try:
            return self._world.patch_tenant(tenant_id, changes)
        except KeyError as error:
            raise AdminError(404, f"no tenant {tenant_id!r}") from error


def _after(act: Callable[[], None], answer: Callable[[], Any]) -> Any:
    act()
    return answer()


def _merged(record: Record, changes: Record) -> Record:
    merged = {**record, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _object(body: Any) -> Record:
    if not isinstance(body, dict):
        raise AdminError(400, "the body is a JSON object")
    return body


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _endpoint(world: World, handlers: dict[str, Handler]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        try:
            text = (await request.body()).decode()
            body = simplejson.loads(text, use_decimal=True) if text else None
            by = request.query_params.get("by", DEFAULT_PERSON)
            with world.transaction():
                return _json(handler(Call(dict(request.path_params), body, by)), 200)
        except simplejson.JSONDecodeError as error:
            return _json({"error": f"not JSON: {error}"}, 400)
        except AdminError as error:
            return _json({"error": str(error)}, error.status)

    return endpoint


def _json(body: Any, status: int) -> Response:
    text = simplejson.dumps(body, use_decimal=True, ensure_ascii=False)
    return Response(text.encode(), status, media_type="application/json")
