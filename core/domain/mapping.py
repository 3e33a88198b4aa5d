"""The state machine of a product mapping.

Stored facts: the ConnectWise product, the sync switch, and `stopped`. The state follows from them
and from what the catalog says of the product:

    broken    a product is mapped and it is inactive or no longer exists
    stopped   sync is on, and the product was changed or removed while it was on
    unmapped  no product
    active    sync is on
    off       sync is off

Editors move rows with `apply_change`; the system moves them with `with_availability` (a catalog
refresh), `with_usage` (usage was identified) and `with_default_product` (a sync that was approved).
Only a change of the product or the switch raises the version, so that a state that moves by itself
never makes an editor's save conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.domain.models import CatalogEntry, MappingState, ProductMapping, ProductUsage
from core.domain.month import Month
from core.errors import Message, message


class Availability(StrEnum):
    """What the catalog snapshot says of a product. UNKNOWN: there is no snapshot yet."""

    AVAILABLE = "available"
    INACTIVE = "inactive"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class MappingChange:
    """The values that a mapping shall have after a save (not a difference)."""

    product_code: str
    connectwise_product_id: int | None
    sync: bool


_GONE = frozenset({Availability.INACTIVE, Availability.MISSING})


def availability_of(
    product_id: int | None, catalog: Mapping[int, CatalogEntry] | None
) -> Availability:
    """Look a product up in a snapshot; None for the snapshot means that none was taken yet.

    Without a product there is nothing that could be missing: AVAILABLE.
    """
    if product_id is None:
        return Availability.AVAILABLE
    if catalog is None:
        return Availability.UNKNOWN
    entry = catalog.get(product_id)
    if entry is None:
        return Availability.MISSING
    return Availability.INACTIVE if entry.inactive else Availability.AVAILABLE


def state_of(
    product_id: int | None, sync: bool, stopped: bool, availability: Availability
) -> MappingState:
    """The state that follows from the stored facts and the catalog."""
    if product_id is not None and availability in _GONE:
        return MappingState.BROKEN
    if sync and stopped:
        return MappingState.STOPPED
    if product_id is None:
        return MappingState.UNMAPPED
    return MappingState.ACTIVE if sync else MappingState.OFF


def new_mapping(product_code: str, now: datetime, *, sync: bool = False) -> ProductMapping:
    """The mapping of a Sophos product that was just seen. Version 0: it was never saved."""
    return ProductMapping(
        product_code=product_code,
        connectwise_product_id=None,
        sync=sync,
        stopped=False,
        state=MappingState.UNMAPPED,
        since=now,
        reason=None,
        version=0,
    )


def apply_change(
    mapping: ProductMapping,
    change: MappingChange,
    availability: Availability,
    now: datetime,
    *,
    product_name: str = "",
    former_name: str = "",
) -> ProductMapping:
    """What an editor's save makes of a mapping; the version grows by one.

    Changing or removing the product while sync is on stops the row until the next usage; mapping
    a row for the first time does not. Turning sync off ends a stop. `availability` is that of the
    wanted product. `product_name` and `former_name` are for the reason; ids stand in for them.
    """
    stops = _stops(mapping, change)
    stopped = change.sync and (mapping.stopped or stops)
    product_id = change.connectwise_product_id
    moved = replace(
        mapping,
        connectwise_product_id=product_id,
        sync=change.sync,
        stopped=stopped,
        state=state_of(product_id, change.sync, stopped, availability),
        version=mapping.version + 1,
    )
    new = _name(product_name, product_id)
    former = _name(former_name, mapping.connectwise_product_id)
    if moved.state != mapping.state or stopped != mapping.stopped:
        return replace(moved, since=now, reason=_reason(mapping, moved, availability, new, former))
    if stops:
        # Still waiting for usage since the first change, but the reason has to name the last one.
        return replace(moved, reason=_product_reason(mapping, moved, new, former))
    return moved


def with_availability(
    mapping: ProductMapping, availability: Availability, now: datetime, *, product_name: str = ""
) -> ProductMapping:
    """What a catalog refresh makes of a mapping; the same object when nothing moves.

    `product_name` is what the catalog before the refresh called the product, which the reason
    keeps once the product is gone.
    """
    if availability is Availability.UNKNOWN:
        return mapping
    state = state_of(mapping.connectwise_product_id, mapping.sync, mapping.stopped, availability)
    if state is MappingState.BROKEN:
        known = product_name or last_known_name(mapping)
        reason = _gone_reason(availability, known)
        if mapping.state is not state:
            return replace(mapping, state=state, since=now, reason=reason)
        return mapping if mapping.reason == reason else replace(mapping, reason=reason)
    if state is mapping.state:
        return mapping
    return replace(mapping, state=state, since=now, reason=_return_reason(state))


def with_usage(
    mapping: ProductMapping, month: Month, availability: Availability, now: datetime
) -> ProductMapping:
    """What identified usage (a billable quantity above zero) makes of a mapping.

    A stopped row with a usable product resumes. Everything else stays as it is: a row without a
    usable product needs a default product first, see `needs_default_product`.
    """
    waiting = mapping.sync and mapping.stopped and mapping.connectwise_product_id is not None
    if not waiting or availability in _GONE:
        return mapping
    return replace(
        mapping,
        stopped=False,
        state=MappingState.ACTIVE,
        since=now,
        reason=message("Resumed with the usage of {month}.", month=str(month)),
    )


def with_default_product(
    mapping: ProductMapping, product_id: int, product_name: str, now: datetime, *, created: bool
) -> ProductMapping:
    """What a sync makes of a mapping for which it created, or found, the default product.

    A stop ends; the version grows by one, so that an editor who loaded the row before does not
    overwrite it unseen.
    """
    if created:
        reason = message("The default product {product} was created.", product=product_name)
    else:
        reason = message("Mapped to the default product {product}.", product=product_name)
    return replace(
        mapping,
        connectwise_product_id=product_id,
        stopped=False,
        state=state_of(product_id, mapping.sync, False, Availability.AVAILABLE),
        since=now,
        reason=reason,
        version=mapping.version + 1,
    )


def with_product_put_back(
    mapping: ProductMapping, product_id: int | None, availability: Availability, now: datetime
) -> ProductMapping:
    """What the undo of a run makes of a mapping that the run had changed.

    `availability` is that of the product that it had before; the version grows by one, as always
    when the product changes.
    """
    return replace(
        mapping,
        connectwise_product_id=product_id,
        stopped=False,
        state=state_of(product_id, mapping.sync, False, availability),
        since=now,
        reason=message("Put back when a run was undone."),
        version=mapping.version + 1,
    )


def needs_default_product(
    mapping: ProductMapping, availability: Availability, last_usage: ProductUsage | None
) -> bool:
    """Whether the next sync has to create a default product: on, used, and nothing to bill on."""
    if not mapping.sync or last_usage is None or last_usage.billable <= 0:
        return False
    return mapping.connectwise_product_id is None or availability in _GONE


def has_nothing_to_bill_on(
    mapping: ProductMapping, catalog: Mapping[int, CatalogEntry] | None
) -> bool:
    """Whether a row whose sync is on is without a product that can be billed."""
    product_id = mapping.connectwise_product_id
    return mapping.sync and (product_id is None or availability_of(product_id, catalog) in _GONE)


def _stops(mapping: ProductMapping, change: MappingChange) -> bool:
    changed = change.connectwise_product_id != mapping.connectwise_product_id
    had_one = mapping.connectwise_product_id is not None or mapping.stopped
    return changed and had_one and mapping.sync and change.sync


def _name(name: str, product_id: int | None) -> str:
    return name or ("" if product_id is None else str(product_id))


def _reason(
    before: ProductMapping,
    after: ProductMapping,
    availability: Availability,
    name: str,
    former: str,
) -> Message:
    if after.state is MappingState.BROKEN:
        return _gone_reason(availability)
    if before.connectwise_product_id != after.connectwise_product_id:
        return _product_reason(before, after, name, former)
    return message("Sync was turned on.") if after.sync else message("Sync was turned off.")


def _product_reason(
    before: ProductMapping, after: ProductMapping, name: str, former: str
) -> Message:
    if after.connectwise_product_id is None:
        return message("The ConnectWise product {former} was removed.", former=former)
    if before.connectwise_product_id is None:
        return message("Mapped to {product}.", product=name)
    return message(
        "The ConnectWise product was changed from {former} to {product}.",
        former=former,
        product=name,
    )


def last_known_name(mapping: ProductMapping) -> str:
    """The identifier that the product of a mapping had before it was deleted, "" if unknown."""
    reason = mapping.reason
    if reason is None or reason.template != _deleted_reason("").template:
        return ""
    return str(dict(reason.facts)["product"])


def _deleted_reason(product_name: str) -> Message:
    return message("The ConnectWise product {product} no longer exists.", product=product_name)


def _gone_reason(availability: Availability, product_name: str = "") -> Message:
    if availability is Availability.INACTIVE:
        return message("The ConnectWise product is inactive.")
    if product_name:
        return _deleted_reason(product_name)
    return message("The ConnectWise product no longer exists.")


def _return_reason(state: MappingState) -> Message:
    if state is MappingState.STOPPED:
        return message("The ConnectWise product is available again; waiting for the next usage.")
    return message("The ConnectWise product is available again.")
