"""The rows of the reconciliation: who used what, and which addition stands against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import overload

from core.domain.models import (
    Addition,
    BillCustomer,
    Part,
    ReconciliationRow,
    RowClass,
    Tolerance,
    Tolerances,
)
from core.domain.plan_additions import is_open
from core.domain.plan_customers import mapping_fault
from core.domain.plan_inputs import PlanInputs
from core.domain.quantity import CustomerQuantity, RuleProblem, customer_quantity, explain
from core.errors import Message

Costs = Mapping[tuple[str | None, str], Decimal | None]

_ZERO = Decimal(0)


def compare(
    expected: Decimal, billed: Decimal | None, *, used: bool, tolerance: Tolerance
) -> RowClass:
    """The class of a row whose two sides can be compared. `billed` None: there is no addition."""
    difference = expected - (billed or _ZERO)
    if difference == 0:
        return RowClass.MATCHED
    allowed = max(tolerance.units, abs(expected) * tolerance.percent / 100)
    if abs(difference) <= allowed:
        return RowClass.WITHIN_TOLERANCE
    if billed is None:
        return RowClass.MISSING_ADDITION
    if not used:
        return RowClass.ADDITION_WITHOUT_USAGE
    return RowClass.UNDER_BILLED if difference > 0 else RowClass.OVER_BILLED


class _Steps(Sequence[Message]):
    """The explanation of a quantity, put in words when somebody reads it: few rows are."""

    __slots__ = ("_month", "_names", "_quantities", "_told")

    def __init__(
        self, quantities: Sequence[CustomerQuantity], names: Callable[[str], str], month: str
    ) -> None:
        self._quantities = quantities
        self._names = names
        self._month = month
        self._told: tuple[Message, ...] | None = None

    @property
    def told(self) -> tuple[Message, ...]:
        if self._told is None:
            self._told = explain(self._quantities, self._names, self._month)
        return self._told

    def __len__(self) -> int:
        return len(self.told)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Message, ...]: ...
    def __getitem__(self, index: int | slice) -> Message | tuple[Message, ...]:
        return self.told[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.told == tuple(other)

    def __hash__(self) -> int:
        return hash(self.told)


class RowBuilder:
    """Builds the rows of one month, see `all`."""

    def __init__(self, inputs: PlanInputs, tolerances: Tolerances, costs: Costs) -> None:
        self._inputs = inputs
        self._tolerances = tolerances
        self._costs = costs
        self._month = str(inputs.month)
        self._product_of = {
            code: mapping.connectwise_product_id for code, mapping in inputs.mappings.items()
        }
        self._codes: dict[int, list[str]] = {}
        self._members: dict[int, list[str]] = {}
        for code in sorted(inputs.mappings):
            mapping = inputs.mappings[code]
            if mapping.connectwise_product_id is None:
                continue
            self._codes.setdefault(mapping.connectwise_product_id, []).append(code)
            if mapping.sync:
                self._members.setdefault(mapping.connectwise_product_id, []).append(code)

    def all(self) -> Iterator[ReconciliationRow]:
        """Every row once, in no particular order."""
        on_agreement, elsewhere = self._placed()
        for agreement_id in sorted(on_agreement):
            yield from self._agreement(agreement_id, on_agreement[agreement_id])
        for customer in elsewhere:
            yield from self._without_agreement(customer)
        for usage in self._inputs.usage:
            if usage.account_id is None:
                part = Part("", usage.product_code, usage.lines, usage.billable)
                yield self._row(
                    f"-/+{usage.product_code}",
                    RowClass.UNASSIGNED_USAGE,
                    (part,),
                    product_id=self._product_of.get(usage.product_code),
                )

    # ------------------------------------------------------------ customers

    def _placed(self) -> tuple[dict[int, list[str]], list[str]]:
        """Customers by the active agreement that they are mapped to, and those without one."""
        placed: dict[int, list[str]] = {}
        elsewhere: list[str] = []
        for customer in sorted(self._inputs.customer_mappings.keys() | self._inputs.usage_of):
            agreement_id = self._agreement_of(customer)
            if agreement_id is None:
                elsewhere.append(customer)
            else:
                placed.setdefault(agreement_id, []).append(customer)
        return placed, elsewhere

    def _agreement_of(self, customer: str) -> int | None:
        """The agreement that a customer can be billed on, if it could be read."""
        mapping = self._inputs.customer_mappings.get(customer)
        if mapping is None or mapping.agreement_id not in self._inputs.additions:
            return None
        return None if mapping_fault(mapping, self._inputs) else mapping.agreement_id

    def _without_agreement(self, customer: str) -> Iterator[ReconciliationRow]:
        mapped, unmapped = self._used([customer])
        yield from (self._unmapped_product(customer, code) for code in unmapped)
        for product_id, codes in mapped.items():
            members = self._members.get(product_id)
            found = self._quantity(customer, members, product_id) if members else None
            quantities = [found] if isinstance(found, CustomerQuantity) else []
            yield self._row(
                f"{customer}/{product_id}",
                RowClass.UNMAPPED_CUSTOMER,
                self._parts([customer], codes),
                customers=(customer,),
                product_id=product_id,
                expected=quantities[0].quantity if quantities else None,
                quantities=quantities,
            )

    def _unmapped_product(self, customer: str, code: str) -> ReconciliationRow:
        return self._row(
            f"{customer}/+{code}",
            RowClass.UNMAPPED_PRODUCT,
            self._parts([customer], [code]),
            customers=(customer,),
        )

    # ------------------------------------------------------------ agreements

    def _agreement(
        self, agreement_id: int, customers: Sequence[str]
    ) -> Iterator[ReconciliationRow]:
        switched_on = [c for c in customers if self._inputs.customer_mappings[c].sync]
        switched_off = [c for c in customers if c not in switched_on]
        additions = self._open_additions(agreement_id)
        mapped, _ = self._used(customers)
        for customer in customers:
            _, unmapped = self._used([customer])
            yield from (self._unmapped_product(customer, code) for code in unmapped)
        for product_id in sorted(mapped.keys() | additions.keys()):
            yield from self._product(
                agreement_id, product_id, switched_on, switched_off, additions.get(product_id, [])
            )

    def _open_additions(self, agreement_id: int) -> dict[int, list[Addition]]:
        """Open additions of mapped or bound products, the bound one of each product first."""
        found: dict[int, list[Addition]] = {}
        bound = self._inputs.bound_products.get(agreement_id, set())
        for addition in self._inputs.additions[agreement_id]:
            product_id = addition.product.id
            if product_id not in self._codes and product_id not in bound:
                continue
            if is_open(addition, self._inputs.today):
                found.setdefault(product_id, []).append(addition)
        for product_id, listed in found.items():
            binding = self._inputs.bindings.get((agreement_id, product_id))
            kept = binding.addition_id if binding else None
            found[product_id] = sorted(listed, key=partial(_bound_first, kept))
        return found

    def _product(
        self,
        agreement_id: int,
        product_id: int,
        switched_on: Sequence[str],
        switched_off: Sequence[str],
        additions: Sequence[Addition],
    ) -> Iterator[ReconciliationRow]:
        members = self._members.get(product_id, [])
        codes = self._codes.get(product_id, [])
        off_codes = [code for code in codes if code not in members]
        remaining = list(additions)
        if members and switched_on:
            yield from self._compared(agreement_id, product_id, switched_on, members, remaining)
            remaining = []
        elif not codes:
            yield from self._left_over(agreement_id, product_id, remaining, switched_on)
            remaining = []
        off_parts = [
            *self._parts(switched_on, codes if not members else off_codes),
            *self._parts(switched_off, codes),
        ]
        if off_parts or remaining:
            customers = tuple(dict.fromkeys(part.customer_id for part in off_parts))
            yield self._row(
                f"{agreement_id}/{product_id}/off",
                RowClass.SYNC_OFF,
                tuple(off_parts),
                customers=customers or tuple((*switched_on, *switched_off)),
                agreement_id=agreement_id,
                product_id=product_id,
                addition=remaining[0] if remaining else None,
            )
            for addition in remaining[1:]:
                yield self._alone(agreement_id, product_id, addition, RowClass.SYNC_OFF, ())

    def _compared(
        self,
        agreement_id: int,
        product_id: int,
        customers: Sequence[str],
        members: Sequence[str],
        additions: Sequence[Addition],
    ) -> Iterator[ReconciliationRow]:
        parts = self._parts(customers, members)
        if not parts and not additions:
            return
        found = [self._quantity(customer, members, product_id) for customer in customers]
        quantities = [each for each in found if isinstance(each, CustomerQuantity)]
        clear = len(quantities) == len(found)
        expected = sum((each.quantity for each in quantities), _ZERO) if clear else None
        bound = (agreement_id, product_id) in self._inputs.bindings and bool(additions)
        first = additions[0] if additions else None
        used = any(each.used for each in quantities)
        ambiguous = not clear or (len(additions) > 1 and not self._first_is_bound(additions))
        row_class = RowClass.AMBIGUOUS
        if not ambiguous and expected is not None:
            row_class = self._class(expected, first, product_id, used=used)
        yield self._row(
            f"{agreement_id}/{product_id}",
            row_class,
            tuple(parts),
            customers=tuple(dict.fromkeys(part.customer_id for part in parts)) or tuple(customers),
            agreement_id=agreement_id,
            product_id=product_id,
            addition=first,
            expected=expected,
            quantities=quantities,
        )
        kind = RowClass.AMBIGUOUS if ambiguous and not bound else RowClass.ADDITION_WITHOUT_USAGE
        for addition in additions[1:]:
            yield self._alone(agreement_id, product_id, addition, kind, tuple(customers))

    def _left_over(
        self,
        agreement_id: int,
        product_id: int,
        additions: Sequence[Addition],
        customers: Sequence[str],
    ) -> Iterator[ReconciliationRow]:
        """Additions that sync keeps, and nothing is mapped to their product any more."""
        for addition in additions:
            kind = RowClass.ADDITION_WITHOUT_USAGE if addition.quantity else RowClass.MATCHED
            yield self._alone(agreement_id, product_id, addition, kind, tuple(customers))

    def _alone(
        self,
        agreement_id: int,
        product_id: int,
        addition: Addition,
        kind: RowClass,
        customers: tuple[str, ...],
    ) -> ReconciliationRow:
        """A row for an addition that no usage stands against."""
        empty = kind is RowClass.ADDITION_WITHOUT_USAGE and addition.quantity == 0
        return self._row(
            f"{agreement_id}/{product_id}#{addition.id}",
            RowClass.MATCHED if empty else kind,
            (),
            customers=customers,
            agreement_id=agreement_id,
            product_id=product_id,
            addition=addition,
            expected=None if kind in (RowClass.AMBIGUOUS, RowClass.SYNC_OFF) else _ZERO,
        )

    def _first_is_bound(self, additions: Sequence[Addition]) -> bool:
        first = additions[0]
        binding = self._inputs.bindings.get((first.agreement_id, first.product.id))
        return binding is not None and binding.addition_id == first.id

    def _class(
        self, expected: Decimal, addition: Addition | None, product_id: int, *, used: bool
    ) -> RowClass:
        if addition is None:
            return compare(expected, None, used=used, tolerance=self._tolerances.of(product_id))
        included = addition.less_included
        return compare(
            max(_ZERO, expected - included),
            max(_ZERO, addition.quantity - included),
            used=used,
            tolerance=self._tolerances.of(product_id),
        )

    # ------------------------------------------------------------ parts

    def _quantity(
        self, customer: str, members: Sequence[str], product_id: int
    ) -> CustomerQuantity | RuleProblem:
        usage = self._inputs.usage_of.get(customer, {})
        return customer_quantity(customer, usage, members, product_id, self._inputs.rules)

    def _used(self, customers: Sequence[str]) -> tuple[dict[int, list[str]], list[str]]:
        """The codes that these customers used: by the ConnectWise product, and the unmapped."""
        codes = {code for customer in customers for code in self._inputs.usage_of.get(customer, ())}
        mapped: dict[int, list[str]] = {}
        unmapped: list[str] = []
        for code in sorted(codes):
            product_id = self._product_of.get(code)
            if product_id is None:
                unmapped.append(code)
            else:
                mapped.setdefault(product_id, []).append(code)
        return mapped, unmapped

    def _parts(self, customers: Sequence[str], codes: Sequence[str]) -> tuple[Part, ...]:
        return tuple(
            Part(customer, code, usage.lines, usage.billable)
            for customer in customers
            for code in codes
            if (usage := self._inputs.usage_of.get(customer, {}).get(code)) is not None
        )

    def _row(
        self,
        key: str,
        row_class: RowClass,
        parts: tuple[Part, ...],
        *,
        customers: tuple[str, ...] = (),
        agreement_id: int | None = None,
        product_id: int | None = None,
        addition: Addition | None = None,
        expected: Decimal | None = None,
        quantities: Sequence[CustomerQuantity] = (),
    ) -> ReconciliationRow:
        return ReconciliationRow(
            key=key,
            row_class=row_class,
            customer_ids=customers,
            agreement_id=agreement_id,
            product_id=product_id,
            product_codes=tuple(dict.fromkeys(part.product_code for part in parts)),
            addition_id=addition.id if addition else None,
            used=parts,
            expected=expected,
            quantity=addition.quantity if addition else None,
            included=addition.less_included if addition else _ZERO,
            unit_price=self._price(addition, product_id),
            cost=self._cost(parts),
            ordered=self._ordered(parts),
            steps=_Steps(quantities, self._name, self._month) if quantities else (),
        )

    def _price(self, addition: Addition | None, product_id: int | None) -> Decimal | None:
        if addition is not None:
            # Whatever its price, it costs the customer nothing.
            billable = addition.bill_customer is BillCustomer.BILLABLE
            return addition.unit_price if billable else _ZERO
        entry = (self._inputs.catalog or {}).get(product_id) if product_id is not None else None
        return entry.price if entry else None

    def _cost(self, parts: Sequence[Part]) -> Decimal | None:
        if not parts:
            return _ZERO
        found = [self._costs.get((part.customer_id or None, part.product_code)) for part in parts]
        known = [cost for cost in found if cost is not None]
        return sum(known, _ZERO) if len(known) == len(found) else None

    def _ordered(self, parts: Sequence[Part]) -> Decimal | None:
        """What the vendor's lines say was ordered: the third leg beside used and billed."""
        if any(not part.customer_id for part in parts) or not parts:
            return None
        usage_of = self._inputs.usage_of
        return sum((usage_of[part.customer_id][part.product_code].ordered for part in parts), _ZERO)

    def _name(self, key: str) -> str:
        if key in self._inputs.products:
            return self._inputs.sophos_name(key)
        return self._inputs.customer_name(key)


def _bound_first(kept: int | None, addition: Addition) -> tuple[bool, int]:
    return (addition.id != kept, addition.id)
