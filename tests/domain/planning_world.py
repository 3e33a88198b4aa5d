"""Small worlds to plan in: a builder for examples, random ones for properties, and what applying a
plan makes of a world."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

from hypothesis import strategies as st

from core.domain.models import (
    Addition,
    Agreement,
    AgreementStatus,
    Basis,
    BillCustomer,
    Binding,
    BundleRule,
    CatalogEntry,
    Change,
    ChangeKind,
    ChangeNames,
    Combine,
    CustomerMapping,
    FetchSource,
    FetchStatus,
    MappingState,
    Outcome,
    Plan,
    ProductClass,
    ProductMapping,
    QuantityRule,
    QuantityRules,
    Reference,
    Rounding,
    RuleOverride,
    RunChange,
    SophosProduct,
    SyncSettings,
    Usage,
    UsageFetch,
    UsageGone,
)
from core.domain.month import Month
from core.domain.planning import PlanInputs

MONTH = Month(2026, 10)
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def usage(customer: str | None, code: str, quantity: object, *, lines: int = 1) -> Usage:
    amount = Decimal(str(quantity))
    return Usage(
        month=MONTH,
        account_id=customer,
        product_code=code,
        billable=amount,
        actual=amount + 1,
        ordered=amount + 2,
        lines=lines,
    )


# Usage that concerns nobody else: a month without any line is never planned from.
ELSEWHERE = [usage("somebody else", "Other", 0)]


def product(code: str, name: str = "") -> SophosProduct:
    return SophosProduct(
        code=code, description=name or f"Name of {code}", product_group="User",
        first_seen=MONTH, last_seen=MONTH,
    )  # fmt: skip


def mapping(
    code: str,
    product_id: int | None,
    *,
    sync: bool = True,
    state: MappingState = MappingState.ACTIVE,
) -> ProductMapping:
    return ProductMapping(
        product_code=code,
        connectwise_product_id=product_id,
        sync=sync,
        stopped=state is MappingState.STOPPED,
        state=state,
        since=NOW,
        reason=None,
        version=1,
    )


def entry(product_id: int, **more: object) -> CatalogEntry:
    values: dict[str, object] = {
        "identifier": f"P{product_id}",
        "description": f"Product {product_id}",
        "price": Decimal(3),
        **more,
    }
    return CatalogEntry(id=product_id, **values)  # type: ignore[arg-type]


def customer(customer_id: str, agreement_id: int | None, *, sync: bool = True) -> CustomerMapping:
    return CustomerMapping(
        customer_id=customer_id,
        company_id=None if agreement_id is None else agreement_id * 10,
        agreement_id=agreement_id,
        sync=sync,
        since=NOW,
        version=1,
    )


def agreement(agreement_id: int, **more: object) -> Agreement:
    values: dict[str, object] = {
        "name": f"Agreement {agreement_id}",
        "company": Reference(agreement_id * 10, f"Company {agreement_id}"),
        "status": AgreementStatus.ACTIVE,
        "prorate": True,
        **more,
    }
    return Agreement(id=agreement_id, **values)  # type: ignore[arg-type]


def addition(
    addition_id: int,
    agreement_id: int,
    product_id: int,
    quantity: object,
    *,
    cancelled: date | None = None,
    effective: date | None = None,
) -> Addition:
    return Addition(
        id=addition_id,
        agreement_id=agreement_id,
        product=Reference(product_id, f"P{product_id}"),
        quantity=Decimal(str(quantity)),
        less_included=Decimal(0),
        bill_customer=BillCustomer.BILLABLE,
        unit_price=Decimal(2),
        effective_date=effective,
        cancelled_date=cancelled,
    )


def bind(addition_: Addition, month: Month = MONTH) -> Binding:
    return Binding(
        agreement_id=addition_.agreement_id,
        product_id=addition_.product.id,
        addition_id=addition_.id,
        month=month,
        quantity=addition_.quantity,
    )


def fetched(
    status: FetchStatus = FetchStatus.COMPLETE, at: datetime = NOW, month: Month = MONTH
) -> UsageFetch:
    return UsageFetch(
        id="fetch",
        month=month,
        source=FetchSource.API,
        status=status,
        started_at=at,
        finished_at=at,
        line_count=0,
        content_hash="",
    )


def world(
    *,
    usages: Iterable[Usage] = (),
    mappings: Iterable[ProductMapping] = (),
    customers: Iterable[CustomerMapping] = (),
    agreements: Iterable[Agreement] = (),
    additions: Iterable[Addition] = (),
    bound: Iterable[Binding] = (),
    catalog: Iterable[CatalogEntry] = (),
    **more: object,
) -> PlanInputs:
    """Inputs of which everything else is in order."""
    used, kept = list(usages), list(agreements)
    listed = list(mappings)
    codes = {u.product_code for u in used} | {m.product_code for m in listed}
    by_agreement: dict[int, list[Addition]] = {each.id: [] for each in kept}
    for each in additions:
        by_agreement.setdefault(each.agreement_id, []).append(each)
    values: dict[str, object] = {
        "month": MONTH,
        "today": TODAY,
        "fetch": fetched(),
        "newest_fetch": fetched(),
        "products": {code: product(code) for code in codes},
        **more,
    }
    return PlanInputs(
        usage=used,
        mappings={m.product_code: m for m in listed},
        catalog={each.id: each for each in catalog},
        customer_mappings={c.customer_id: c for c in customers},
        agreements={each.id: each for each in kept},
        additions=by_agreement,
        bindings={(b.agreement_id, b.product_id): b for b in bound},
        **values,  # type: ignore[arg-type]
    )


# ---------------------------------------------------------------- applying


def applied(inputs: PlanInputs, plan: Plan) -> PlanInputs:
    """The world after every change of the plan was carried out, as ConnectWise would."""
    return carried_out(inputs, plan)[0]


def carried_out(inputs: PlanInputs, plan: Plan) -> tuple[PlanInputs, list[RunChange]]:
    """The world after the plan, and what the run kept of it."""
    state = _State(inputs)
    ordered = sorted(plan.changes, key=_phase)
    done = [state.carry_out(number, change) for number, change in enumerate(ordered, 1)]
    return state.world(plan), done


def _phase(change: Change) -> int:
    """Products are there before what is billed on them, and go after it."""
    if change.target.agreement_id:
        return 1
    return 2 if change.kind in _LEAVING else 0


_LEAVING = frozenset({ChangeKind.RETIRE_PRODUCT, ChangeKind.UNMAP_PRODUCT})


class _State:
    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs
        self.catalog = dict(inputs.catalog or {})
        self.mappings = dict(inputs.mappings)
        self.bindings = dict(inputs.bindings)
        self.additions = {a.id: a for additions in inputs.additions.values() for a in additions}
        self._created: dict[str, int] = {}

    def carry_out(self, number: int, change: Change) -> RunChange:
        rule = self._RULES[change.kind]
        return RunChange(
            number=number,
            change=change,
            names=ChangeNames(product="P", agreement="A" if change.target.agreement_id else ""),
            outcome=Outcome.DONE,
            **rule(self, change),
        )

    def world(self, plan: Plan) -> PlanInputs:
        by_agreement: dict[int, list[Addition]] = {
            agreement_id: [] for agreement_id in self._inputs.additions
        }
        for each in self.additions.values():
            by_agreement[each.agreement_id].append(each)
        for change in plan.unchanged:
            self._keep(change, self._kept(change))
        return replace(
            self._inputs,
            catalog=self.catalog,
            mappings=self.mappings,
            additions=by_agreement,
            bindings=self.bindings,
        )

    # ------------------------------------------------------------ additions

    def _set(self, change: Change) -> dict[str, int]:
        assert change.after is not None
        return self._keep(change, replace(self._kept(change), quantity=change.after))

    def _cancel(self, change: Change) -> dict[str, int]:
        found = self._kept(change)
        quantity = found.quantity if change.kind is ChangeKind.CANCEL else change.after
        assert quantity is not None
        return self._keep(
            change, replace(found, cancelled_date=change.cancelled_date, quantity=quantity)
        )

    def _reopen(self, change: Change) -> dict[str, int]:
        found = self._kept(change)
        assert found.cancelled_date == change.cancelled_before
        assert change.after is not None
        day = change.cancelled_date
        return self._keep(change, replace(found, cancelled_date=day, quantity=change.after))

    def _create(self, change: Change) -> dict[str, int]:
        product_id = change.target.product_id or self._created[change.target.product_code]
        # The id of one that was deleted is not given again.
        kept = (each.addition_id for each in self.bindings.values())
        number = max([1000, *self.additions, *kept]) + 1
        assert change.after is not None
        assert change.after > 0
        place = change.target.agreement_id, product_id
        made = addition(number, *place, change.after, effective=change.effective_date)
        known = self.catalog.get(product_id)
        return self._keep(change, replace(made, unit_price=known.price if known else None))

    def _kept(self, change: Change) -> Addition:
        assert change.addition_id is not None
        found = self.additions[change.addition_id]
        assert found.quantity == change.before, "a plan says what it found"
        return found

    def _keep(self, change: Change, changed: Addition) -> dict[str, int]:
        self.additions[changed.id] = changed
        key = (changed.agreement_id, changed.product.id)
        if change.month_after is None:
            self.bindings.pop(key, None)
        else:
            self.bindings[key] = replace(bind(changed, change.month_after), carries=change.carries)
        return {"addition_id": changed.id, "product_id": changed.product.id}

    # ------------------------------------------------------------ products

    def _put_product(self, change: Change) -> dict[str, int]:
        wanted, code = change.default_product, change.target.product_code
        assert wanted is not None
        product_id = change.product_id
        if product_id is None:
            taken = [e.id for e in self.catalog.values() if e.identifier == wanted.identifier]
            assert (change.kind is ChangeKind.ADOPT_PRODUCT) == bool(taken)
            product_id = taken[0] if taken else max([1000, *self.catalog]) + 1
            made = entry(
                product_id,
                identifier=wanted.identifier,
                integration_xref=wanted.integration_xref,
            )
            self.catalog.setdefault(product_id, made)
        self.catalog[product_id] = replace(self.catalog[product_id], inactive=False)
        self._created[code] = product_id
        assert self.mappings[code].connectwise_product_id == change.product_before
        self.mappings[code] = mapping(code, product_id)
        return {"product_id": product_id}

    def _drop_product(self, change: Change) -> dict[str, int]:
        code, product_id = change.target.product_code, change.product_id
        assert product_id is not None
        assert self.mappings[code].connectwise_product_id == product_id
        self.mappings[code] = mapping(code, change.product_before)
        if change.kind is ChangeKind.RETIRE_PRODUCT:
            self.catalog[product_id] = replace(self.catalog[product_id], inactive=True)
        return {"product_id": product_id}

    _RULES: ClassVar[Mapping[ChangeKind, Callable[[_State, Change], dict[str, int]]]] = {
        ChangeKind.CREATE_PRODUCT: _put_product,
        ChangeKind.ADOPT_PRODUCT: _put_product,
        ChangeKind.REVIVE_PRODUCT: _put_product,
        ChangeKind.RETIRE_PRODUCT: _drop_product,
        ChangeKind.UNMAP_PRODUCT: _drop_product,
        ChangeKind.CREATE_ADDITION: _create,
        ChangeKind.ADOPT_ADDITION: _set,
        ChangeKind.SET_QUANTITY: _set,
        ChangeKind.ZERO: _set,
        ChangeKind.UNBIND: _set,
        ChangeKind.CANCEL: _cancel,
        ChangeKind.UNDO_CREATE: _cancel,
        ChangeKind.UNDO_CANCEL: _reopen,
    }


# ---------------------------------------------------------------- random worlds

CODES = ("CIXA-MSP", "CIXA", "XDR-MSP", "DEMO-A", "DEMO-B", "DEMO-XGS1")
PRODUCTS = (1, 2, 3)
AGREEMENTS = (11, 12)
CUSTOMERS = ("alpha", "beta", "gamma")
_WHOLE = [Decimal(number) for number in (0, 1, 2, 3, 5, 8, 40)]


def random_rules(chance: random.Random) -> QuantityRules:
    """Few products have a rule of their own, so that bundles mostly agree."""

    def rule() -> QuantityRule:
        return QuantityRule(
            basis=chance.choice(list(Basis)),
            multiplier=chance.choice([Decimal(1), Decimal("0.5"), Decimal(2)]),
            included=chance.choice([Decimal(0), Decimal(5)]),
            rounding=chance.choice(list(Rounding)),
            minimum=chance.choice([Decimal(0), Decimal(3)]),
        )

    return QuantityRules(
        by_product={code: rule() for code in CODES if chance.random() < 0.15},
        bundles={
            product_id: BundleRule(chance.choice(list(Combine)), chance.choice(CODES))
            for product_id in PRODUCTS
            if chance.random() < 0.3
        },
        overrides={
            (name, code): RuleOverride(minimum=Decimal(2))
            for name in CUSTOMERS
            for code in CODES
            if chance.random() < 0.05
        },
    )


def random_world(chance: random.Random) -> PlanInputs:
    """Anything that may come up: bundles, shared agreements, switches off, products gone,
    duplicates, additions bound, deleted and cancelled, usage without a customer."""
    additions = _random_additions(chance)
    bound = {
        (a.agreement_id, a.product.id): bind(
            a, chance.choice([MONTH, MONTH.plus(-1), MONTH.plus(-1), MONTH.plus(1)])
        )
        for a in additions
        if chance.random() < 0.6
    }
    return world(
        usages=_random_usages(chance),
        mappings=[_random_mapping(chance, code) for code in CODES if chance.random() < 0.9],
        customers=[
            customer(
                name,
                chance.choice([*AGREEMENTS, *AGREEMENTS, *AGREEMENTS, None]),
                sync=chance.random() < 0.85,
            )
            for name in CUSTOMERS
        ],
        agreements=[_random_agreement(chance, agreement_id) for agreement_id in AGREEMENTS],
        # Some bound additions were deleted since.
        additions=[a for a in additions if chance.random() < 0.9],
        bound=bound.values(),
        catalog=[_random_entry(chance, product_id) for product_id in PRODUCTS],
        rules=random_rules(chance),
        settings=SyncSettings(usage_gone=chance.choice(list(UsageGone))),
        former_agreements={
            name: frozenset({chance.choice(AGREEMENTS)})
            for name in CUSTOMERS
            if chance.random() < 0.3
        },
    )


def chances() -> st.SearchStrategy[random.Random]:
    """Evenly random: hypothesis's own draws lean towards empty worlds, where nothing happens."""
    return st.integers(0, 2**32).map(random.Random)


def worlds() -> st.SearchStrategy[PlanInputs]:
    return chances().map(random_world)


def _random_entry(chance: random.Random, product_id: int) -> CatalogEntry:
    bundle = chance.random() < 0.05
    return entry(
        product_id,
        inactive=chance.random() < 0.1,
        product_class=ProductClass.BUNDLE if bundle else ProductClass.NON_INVENTORY,
    )


def _random_agreement(chance: random.Random, agreement_id: int) -> Agreement:
    expired = chance.random() < 0.1
    return agreement(
        agreement_id,
        status=AgreementStatus.EXPIRED if expired else AgreementStatus.ACTIVE,
        prorate=chance.random() < 0.5,
        next_invoice_date=chance.choice([None, date(2026, 11, 1), date(2026, 12, 1)]),
        bill_start_date=chance.choice([None, date(2026, 10, 15)]),
    )


def _random_mapping(chance: random.Random, code: str) -> ProductMapping:
    product_id = chance.choice([*PRODUCTS, *PRODUCTS, None])
    sync = chance.random() < 0.85
    state = MappingState.UNMAPPED if product_id is None else MappingState.ACTIVE
    if sync and chance.random() < 0.1:
        state = MappingState.STOPPED
    return mapping(code, product_id, sync=sync, state=state)


def _random_additions(chance: random.Random) -> list[Addition]:
    ended = [None] * 8 + [date(2026, 5, 31), date(2027, 1, 1)]
    places = [(a, p) for a in AGREEMENTS for p in PRODUCTS for _ in range(2)]
    return [
        addition(100 + number, *place, chance.choice(_WHOLE), cancelled=chance.choice(ended))
        for number, place in enumerate(places)
        if chance.random() < 0.45
    ]


def _random_usages(chance: random.Random) -> list[Usage]:
    return [
        usage(name, code, chance.choice(_WHOLE), lines=chance.randint(1, 3))
        for name in (None, *CUSTOMERS)
        for code in CODES
        if chance.random() < (0.1 if name is None else 0.5)
    ]


def renamed(inputs: PlanInputs) -> PlanInputs:
    """The same world with every name another one."""
    products = {
        code: replace(each, description=each.description + " renamed")
        for code, each in inputs.products.items()
    }
    catalog = {
        key: replace(each, identifier=each.identifier + "-R", description="renamed")
        for key, each in (inputs.catalog or {}).items()
    }
    agreements = {
        key: replace(each, name="Renamed", company=Reference(each.company.id, "Renamed"))
        for key, each in inputs.agreements.items()
    }
    names: Mapping[str, str] = {name: "Renamed" for name in CUSTOMERS}
    return replace(
        inputs, products=products, catalog=catalog, agreements=agreements, customer_names=names
    )
