"""Who changed what an undo leaves alone: read for these additions only, it takes long for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.clients.connectwise import ConnectWise
from core.domain.models import Addition, FindingKind, Plan
from core.errors import VendorError
from core.storage.store import Store

# A person reads the first of them; the others say what was changed all the same.
MOST_AGREEMENTS = 25


def read_who_changed(connectwise: ConnectWise, store: Store, plan: Plan) -> None:
    """Keep who changed the additions last that the plan of an undo refuses, and when.

    Nothing else of them is taken: the plan stays as it is. Where ConnectWise does not answer,
    nobody is named.
    """
    wanted: dict[int, set[int]] = {}
    for finding in plan.findings:
        if finding.kind is FindingKind.CHANGED_SINCE and finding.target and finding.addition_ids:
            wanted.setdefault(finding.target.agreement_id, set()).update(finding.addition_ids)
    for agreement_id in sorted(wanted)[:MOST_AGREEMENTS]:
        try:
            found = connectwise.additions(agreement_id)
        except VendorError:
            return
        _keep(store, agreement_id, [each for each in found if each.id in wanted[agreement_id]])


def _keep(store: Store, agreement_id: int, found: Iterable[Addition]) -> None:
    read_at = store.additions.read_at(agreement_id)
    if read_at is None:
        return
    by_id = {each.id: each for each in found}
    named = [
        replace(each, updated_by=told.updated_by, last_updated=told.last_updated)
        if (told := by_id.get(each.id))
        else each
        for each in store.additions.of([agreement_id])[agreement_id]
    ]
    store.additions.replace([agreement_id], named, read_at)
