"""Which Sophos products are billed as which ConnectWise product, for one plan.

A product whose sync is on and that has nothing to be billed on gets its default product, which the
plan creates or adopts. A row that was changed by hand waits for the next usage that is fetched;
until then the ConnectWise product that it is mapped to gets no writes, because its quantity would
be that of the other members only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.domain.default_product import default_product
from core.domain.mapping import availability_of, needs_default_product
from core.domain.models import (
    CatalogEntry,
    Change,
    ChangeKind,
    DefaultProduct,
    Finding,
    FindingKind,
    Frequency,
    MappingState,
    ProductMapping,
    ProductUsage,
    SophosProduct,
    Target,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.product_form import cost_from, customer_description, vendor_sku_from
from core.domain.sophos_products import is_firewall
from core.errors import Message, message

_ZERO = Decimal(0)


@dataclass(frozen=True)
class BilledProduct:
    """A ConnectWise product with its members, whose sync is on.

    `product_id` is 0 while it is to be created for the Sophos product `code`. `blocked`:
    it gets no writes.
    """

    product_id: int
    code: str
    members: tuple[str, ...]
    blocked: bool = False


@dataclass
class ProductScope:
    """The outcome: what is billed, what is created first, what stays untouched, what to say.

    `untouched` are ConnectWise products that only products with sync off are, or were, mapped to;
    `waits`
    are the codes whose usage nothing bills yet; `created` are the codes whose default product is
    created, by its identifier.
    """

    billed: dict[tuple[int, str], BilledProduct] = field(default_factory=dict)
    by_code: dict[str, BilledProduct] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    untouched: set[int] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)
    created: dict[str, str] = field(default_factory=dict)


def product_scope(inputs: PlanInputs) -> ProductScope:
    """Sort every mapping into what it means for this plan."""
    scope = ProductScope()
    members: dict[tuple[int, str], list[str]] = {}
    blocked: set[tuple[int, str]] = set()
    for code in sorted(inputs.mappings.keys() | inputs.billable_of_product.keys()):
        mapping = inputs.mappings.get(code)
        if mapping is None or not mapping.sync:
            _leave(code, mapping, inputs, scope)
            continue
        key = _billed_as(code, mapping, inputs, scope)
        if key is None:
            continue
        members.setdefault(key, []).append(code)
        if _is_blocked(code, mapping, key[0], inputs, scope):
            blocked.add(key)
    for key, codes in members.items():
        billed = BilledProduct(*key, tuple(codes), key in blocked)
        scope.billed[key] = billed
        scope.by_code.update(dict.fromkeys(codes, billed))
    scope.untouched -= {product_id for product_id, _ in scope.billed}
    return scope


def _leave(
    code: str, mapping: ProductMapping | None, inputs: PlanInputs, scope: ProductScope
) -> None:
    """A switch that is off means: untouched. Usage that is not billed for it is told."""
    product_id = None if mapping is None else mapping.connectwise_product_id
    if product_id is not None:
        scope.untouched.add(product_id)
    # Taking its product away does not make it count: what it is billed on stays as it is.
    scope.untouched |= inputs.former_products.get(code, frozenset())
    used = inputs.billable_of_product.get(code, _ZERO)
    if used <= 0:
        return
    name = inputs.sophos_name(code)
    if product_id is None:
        text = message("{product} has usage and is not mapped.", product=name)
        remedy = message("Map it on the page Product mapping and turn its sync on.")
        kind = FindingKind.UNMAPPED_PRODUCT
    else:
        text = message("{product} has usage and its sync is off.", product=name)
        remedy = message("Turn its sync on if it shall be billed.")
        kind = FindingKind.PRODUCT_OFF
    scope.findings.append(
        Finding(kind=kind, blocks=False, text=text, remedy=remedy, product_code=code, quantity=used)
    )


def _billed_as(
    code: str, mapping: ProductMapping, inputs: PlanInputs, scope: ProductScope
) -> tuple[int, str] | None:
    """The ConnectWise product, or the one to be created; None when there is nothing to bill on."""
    used = inputs.billable_of_product.get(code, _ZERO)
    availability = availability_of(mapping.connectwise_product_id, inputs.catalog)
    usage = ProductUsage(month=inputs.month, product_code=code, billable=used, customers=0)
    if needs_default_product(mapping, availability, usage):
        return _default(code, used, inputs, scope)
    product_id = mapping.connectwise_product_id
    if product_id is None:
        return None
    return (product_id, "")


def _default(
    code: str, used: Decimal, inputs: PlanInputs, scope: ProductScope
) -> tuple[int, str] | None:
    product = inputs.products.get(code) or SophosProduct(
        code=code, description="", product_group="", first_seen=None, last_seen=None
    )
    wanted = replace(default_product(product), settings=inputs.product_settings)
    found = existing_default(wanted, (inputs.catalog or {}).values())
    if found is None:
        # Two codes may stand for one product of the vendor's list: the second one adopts it.
        first = scope.created.setdefault(wanted.identifier.casefold(), code)
        created = first == code
        scope.changes.append(
            Change(
                kind=ChangeKind.CREATE_PRODUCT if created else ChangeKind.ADOPT_PRODUCT,
                target=Target(0, 0, code),
                default_product=_with_terms(wanted, product, inputs) if created else wanted,
                product_before=inputs.mappings[code].connectwise_product_id,
                steps=(_why_default(inputs.mappings[code], inputs),),
            )
        )
        return (0, first)
    if found.inactive or not found.is_billable:
        scope.findings.append(_unusable_default(code, used, found, inputs))
        scope.waits.add(code)
        return None
    scope.changes.append(
        Change(
            kind=ChangeKind.ADOPT_PRODUCT,
            target=Target(0, 0, code),
            product_id=found.id,
            default_product=wanted,
            product_before=inputs.mappings[code].connectwise_product_id,
            steps=(_why_default(inputs.mappings[code], inputs),),
        )
    )
    return (found.id, "")


def _with_terms(
    wanted: DefaultProduct, product: SophosProduct, inputs: PlanInputs
) -> DefaultProduct:
    """With what is written besides, so that what is approved is all that is written."""
    terms = inputs.vendor_terms.get(product.code)
    return replace(
        wanted,
        customer_description=customer_description(product),
        cost=cost_from(terms.unit_price) if terms else None,
        vendor_sku=vendor_sku_from(terms.sku) if terms else "",
    )


def existing_default(
    wanted: DefaultProduct, entries: Iterable[CatalogEntry]
) -> CatalogEntry | None:
    """The product that stands for a default product already: by cross-reference, else by
    identifier, an active one before an inactive one."""
    identifier = wanted.identifier.casefold()
    found = [
        (entry.integration_xref != wanted.integration_xref, entry.inactive, entry.id, entry)
        for entry in entries
        if entry.integration_xref == wanted.integration_xref
        or entry.identifier.casefold() == identifier
    ]
    return min(found, key=lambda ranked: ranked[:3])[3] if found else None


def _why_default(mapping: ProductMapping, inputs: PlanInputs) -> Message:
    if mapping.connectwise_product_id is None:
        return message("Its sync is on, it has usage, and no product is mapped.")
    return message(
        "Its sync is on, it has usage, and the product {product} is inactive or gone.",
        product=inputs.product_name(mapping.connectwise_product_id),
    )


def _unusable_default(code: str, used: Decimal, found: CatalogEntry, inputs: PlanInputs) -> Finding:
    return Finding(
        kind=FindingKind.BROKEN_PRODUCT,
        blocks=True,
        product_code=code,
        quantity=used,
        text=message(
            "{sophos} would get the product {product}, which is there and cannot be billed.",
            sophos=inputs.sophos_name(code),
            product=found.identifier,
        ),
        remedy=message(
            "Make {product} active in ConnectWise, or map another product.",
            product=found.identifier,
        ),
    )


def _is_blocked(
    code: str, mapping: ProductMapping, product_id: int, inputs: PlanInputs, scope: ProductScope
) -> bool:
    """Whether this member keeps its ConnectWise product from being written; says why."""
    used = inputs.billable_of_product.get(code, _ZERO)
    found = list(_blocking(code, mapping, product_id, used, inputs))
    scope.findings += found
    if found:
        scope.waits.add(code)
    return bool(found)


def _blocking(
    code: str, mapping: ProductMapping, product_id: int, used: Decimal, inputs: PlanInputs
) -> Iterator[Finding]:
    name = inputs.sophos_name(code)
    mapped_by_hand = product_id == mapping.connectwise_product_id
    if mapping.state is MappingState.STOPPED and mapped_by_hand:
        yield Finding(
            kind=FindingKind.STOPPED_PRODUCT,
            blocks=True,
            product_code=code,
            quantity=used,
            text=message("{product} was mapped anew and waits for its next usage.", product=name),
            remedy=message("Fetch the usage again; the row then resumes."),
        )
    entry = inputs.catalog.get(product_id) if inputs.catalog else None
    if entry is not None and not entry.is_billable:
        yield Finding(
            kind=FindingKind.BUNDLE_CLASS,
            blocks=True,
            product_code=code,
            quantity=used,
            text=message(
                "{sophos} is mapped to {product}, whose class cannot be billed on an agreement.",
                sophos=name,
                product=entry.identifier,
            ),
            remedy=message("Map a product of another class."),
        )
    if inputs.settings.frequency is not Frequency.INVOICE and _firewall(code, inputs.products):
        yield Finding(
            kind=FindingKind.FIREWALL_FREQUENCY,
            blocks=True,
            product_code=code,
            quantity=used,
            text=message(
                "{product} is a firewall, and firewalls sync only with the Sophos monthly invoice.",
                product=name,
            ),
            remedy=message(
                "Choose “With Sophos monthly invoice” in the sync settings, or turn its sync off."
            ),
        )


def _firewall(code: str, products: Mapping[str, SophosProduct]) -> bool:
    product = products.get(code)
    return product is not None and is_firewall(product)
