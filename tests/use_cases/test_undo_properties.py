"""Property 7 over HTTP: undo(apply(x)) restores x and refuses what changed since, whatever the
vendor reports, whoever changes what meanwhile, and whichever answers are lost."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.domain.addition_days import is_open
from core.domain.models import ChangeKind, FindingKind, Outcome, Run, RunChange, RunStatus
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.conftest import opened
from tests.use_cases.sync_world import fresh_plan, last_month, synced
from tests.use_cases.test_undo import undone_as_known

SOMEBODYS = Decimal(7777)
PASSES = 20


@dataclass(frozen=True)
class Trouble:
    """What the network and the server do while a run is taken back."""

    effect: Effect
    when: When
    share: float
    seed: int

    def rule(self) -> FaultRule:
        return FaultRule(
            effect=self.effect,
            when=self.when,
            probability=self.share,
            seed=self.seed,
            system="connectwise",
        )


@dataclass(frozen=True)
class World:
    """Open additions by id, bindings, and what each Sophos product is mapped to."""

    additions: dict[int, Decimal]
    bindings: dict[tuple[int, int], Any]
    mappings: dict[str, int | None]


troubles = st.builds(
    Trouble,
    st.sampled_from([Effect.RESET, Effect.HTML, Effect.TRUNCATE, Effect.STATUS]),
    st.sampled_from(list(When)),
    st.sampled_from([0.05, 0.15]),
    st.integers(0, 1000),
)


@given(seed=st.integers(0, 10_000), touched=st.integers(0, 4), trouble=st.none() | troubles)
@settings(
    max_examples=7,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # A smaller seed is no simpler world.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_an_undo_restores_what_was_and_refuses_what_changed_since(
    sandbox: Sandbox, ready_store: Path, seed: int, touched: int, trouble: Trouble | None
) -> None:
    sandbox.reset()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        shutil.copyfile(ready_store, path)
        with opened(sandbox, path) as services:
            services.runs._sleep = lambda seconds: None
            services.products._sleep = lambda seconds: None
            run, before = _second_run(services, sandbox, chance)
            after = _world(services)
            changed = _touch(services, sandbox, run, touched, chance)
            _take_back(services, sandbox, run, trouble)

            assert _world(services) == _expected(before, after, changed)
            _assert_refused(services, run, changed)


def _second_run(services: Services, sandbox: Sandbox, chance: random.Random) -> tuple[Run, World]:
    """A run that creates, changes and drops, after one that bound what was there before."""
    month = last_month(services)
    reported = list(sandbox.world.usage_lines(str(month)) or [])
    codes = sorted({line["productCode"] for line in reported})
    known = set(chance.sample(codes, len(codes) * 2 // 3))
    _report(services, sandbox, [line for line in reported if line["productCode"] in known])
    services.planning.refresh()
    synced(services, month)

    _report(services, sandbox, [_grown(line, chance) for line in reported if chance.random() < 0.9])
    before = _world(services)
    kinds = {change.kind for change in fresh_plan(services, month).changes}
    assert {ChangeKind.CREATE_ADDITION, ChangeKind.SET_QUANTITY} <= kinds
    run = synced(services, month)
    assert run.status is RunStatus.FINISHED
    return run, before


def _report(services: Services, sandbox: Sandbox, lines: list[dict[str, Any]]) -> None:
    month = last_month(services)
    sandbox.world.set_usage_lines(str(month), lines)
    services.usage.fetch(month, "ana")


def _grown(line: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.5:
        return line
    more = Decimal(chance.randint(1, 30))
    quantities = ("billableQuantity", "actualQuantity")
    return {**line, **{name: Decimal(line[name]) + more for name in quantities}}


def _touch(
    services: Services, sandbox: Sandbox, run: Run, count: int, chance: random.Random
) -> list[RunChange]:
    """Let somebody change additions that the run had written."""
    written = [
        row
        for row in services.runs.changes(run.id)
        if row.addition_id is not None
        and row.change.target.product_id
        and row.change.kind is not ChangeKind.CANCEL
    ]
    chosen = chance.sample(written, min(count, len(written)))
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        for row in chosen:
            assert row.addition_id is not None
            record = table.records[row.addition_id]
            table.replace(row.addition_id, {**record, _touched_member(row): SOMEBODYS})
    return chosen


def _touched_member(row: RunChange) -> str:
    """The price of every other one, be it created, adopted or kept, as far as it is known."""
    return "unitPrice" if row.number % 2 and row.change.unit_price is not None else "quantity"


def _take_back(services: Services, sandbox: Sandbox, run: Run, trouble: Trouble | None) -> None:
    """Undo, resume and undo what is left, until nothing is; the trouble ends after a while."""
    for passes in range(PASSES):
        sandbox.controls.faults.clear()
        services.runs.prepare_undo(run.id)
        if not services.runs.undo_plan(run.id).changes:
            return
        if trouble is not None and passes < PASSES // 2:
            sandbox.controls.faults.add(trouble.rule())
        back = undone_as_known(services, run)
        sandbox.controls.faults.clear()
        while back.status is RunStatus.ABORTED:
            back = services.runs.resume(back.id, "ana")
        assert back.status in (RunStatus.FINISHED, RunStatus.REFUSED)
    raise AssertionError("it comes to no end")


def _world(services: Services) -> World:
    services.planning.refresh()
    today = services.planning.today()
    return World(
        {
            each.id: each.quantity
            for listed in services.store.additions.of().values()
            for each in listed
            if is_open(each, today)
        },
        # Whose usage they carry is noted of every addition that a run looks at.
        {k: replace(b, carries=()) for k, b in services.store.additions.bindings().items()},
        {c: m.connectwise_product_id for c, m in services.store.mappings.all().items()},
    )


def _expected(before: World, after: World, changed: list[RunChange]) -> World:
    """What was before, but for what somebody changed: that stays as it is now."""
    additions, bindings = dict(before.additions), dict(before.bindings)
    for row in changed:
        assert row.addition_id is not None
        priced = _touched_member(row) == "unitPrice"
        additions[row.addition_id] = after.additions[row.addition_id] if priced else SOMEBODYS
        key = (row.change.target.agreement_id, row.change.target.product_id)
        if key in after.bindings:
            bindings[key] = after.bindings[key]
    return World(additions, bindings, before.mappings)


def _assert_refused(services: Services, run: Run, changed: list[RunChange]) -> None:
    refused = {
        addition_id
        for finding in services.runs.undo_plan(run.id).findings
        if finding.kind is FindingKind.CHANGED_SINCE
        for addition_id in finding.addition_ids
    }
    assert {row.addition_id for row in changed if row.outcome is Outcome.DONE} <= refused
