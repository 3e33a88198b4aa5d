"""The rows of the reconciliation: who used what, and which addition stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from core.domain.customers import is_active
from core.domain.models import (
    Addition,
    Agreement,
    Part,
    ReconciliationRow,
    RowClass,
    Tolerances,
)
from core.domain.plan_customers import left_agreements, mapping_fault
from core.domain.plan_inputs import PlanInputs
from core.domain.quantity import CustomerQuantity, RuleProblem, customer_quantity
from core.domain.reconciliation_additions import (
    divided_words,
    is_bound,
    open_additions,
    shares_of,
)
from core.domain.reconciliation_classes import compare_with
from core.domain.reconciliation_prices import Pricing
from core.domain.reconciliation_steps import Steps
from core.domain.reconciliation_vendor import (
    Costs,
    order_match,
    ordered_of,
    sum_of,
)
from core.errors import Message, message

_ZERO = Decimal(0)


class RowBuilder:
    """Builds the rows of one month, see `all`."""

    def __init__(
        self,
        inputs: PlanInputs,
        tolerances: Tolerances,
        costs: Costs,
        net_prices: Costs,
        cost_currency: str,
    ) -> None:
        self._inputs = inputs
        self._tolerances = tolerances
        self._costs = costs
        self._net_prices = net_prices
        self._cost_currency = cost_currency
        self._pricing = Pricing(inputs)
        self._usage = {(each.account_id or "", each.product_code): each for each in inputs.usage}
        self._month = str(inputs.month)
        self._product_of = {
            code: mapping.connectwise_product_id for code, mapping in inputs.mappings.items()
        }
        self._moved = left_agreements(
            inputs.customer_mappings, inputs.former_agreements, inputs.bindings
        )
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
        for agreement_id in sorted(self._inputs.additions.keys() - on_agreement.keys()):
            yield from self._of_nobody(agreement_id)
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
        additions = open_additions(self._inputs, agreement_id, self._codes)
        mapped, unmapped = self._used(customers)
        for customer in customers:
            if len(customers) > 1:
                _, unmapped = self._used([customer])
            yield from (self._unmapped_product(customer, code) for code in unmapped)
        for product_id in sorted(mapped.keys() | additions.keys()):
            yield from self._product(
                agreement_id, product_id, switched_on, switched_off, additions.get(product_id, [])
            )

    def _of_nobody(self, agreement_id: int) -> Iterator[ReconciliationRow]:
        """Additions of mapped products where no customer can be billed: what they bill is known,
        what was used for it is not. Those of customers that were moved away bill too much."""
        agreement = self._inputs.agreements.get(agreement_id)
        if agreement is None or not is_active(agreement):
            return
        moved = self._moved.get(agreement_id, ())
        customers = moved or tuple(
            mapping.customer_id
            for mapping in self._inputs.customer_mappings.values()
            if mapping.agreement_id == agreement_id
        )
        for product_id, additions in open_additions(
            self._inputs, agreement_id, self._codes
        ).items():
            for addition in additions:
                if product_id in self._codes and product_id not in self._members:
                    yield self._alone(addition, RowClass.SYNC_OFF, customers, None)
                elif moved or not addition.quantity:
                    kind = RowClass.ADDITION_WITHOUT_USAGE
                    yield self._alone(addition, kind, customers, _ZERO)
                else:
                    kind, told = RowClass.UNMAPPED_CUSTOMER, (_nobody(agreement),)
                    yield self._alone(addition, kind, customers, None, told)

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
            yield from self._left_over(remaining, switched_on)
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
                yield self._alone(addition, RowClass.SYNC_OFF, (), None)

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
        first = additions[0] if additions else None
        used = any(each.used for each in quantities)
        several = len(additions) > 1 and not is_bound(self._inputs, additions[0])
        row_class = RowClass.AMBIGUOUS
        if expected is not None and not several:
            tolerance = self._tolerances.of(product_id)
            row_class = compare_with(first, expected, used=used, tolerance=tolerance)
        shares = shares_of(expected, additions, several=several)
        told = [divided_words(expected, share, additions) for share in shares] if several else ()
        yield self._row(
            f"{agreement_id}/{product_id}",
            row_class,
            tuple(parts),
            customers=tuple(dict.fromkeys(part.customer_id for part in parts)) or tuple(customers),
            agreement_id=agreement_id,
            product_id=product_id,
            addition=first,
            expected=shares[0],
            quantities=quantities,
            more=told[0] if told else (),
        )
        kind = RowClass.AMBIGUOUS if several else RowClass.ADDITION_WITHOUT_USAGE
        for number, addition in enumerate(additions[1:], 1):
            more = told[number] if told else ()
            yield self._alone(addition, kind, tuple(customers), shares[number], more)

    def _left_over(
        self, additions: Sequence[Addition], customers: Sequence[str]
    ) -> Iterator[ReconciliationRow]:
        """Additions that sync keeps, and nothing is mapped to their product any more."""
        for addition in additions:
            yield self._alone(addition, RowClass.ADDITION_WITHOUT_USAGE, tuple(customers), _ZERO)

    def _alone(
        self,
        addition: Addition,
        kind: RowClass,
        customers: tuple[str, ...],
        expected: Decimal | None,
        more: Sequence[Message] = (),
    ) -> ReconciliationRow:
        """A row for an addition that no usage stands against, or none of its own."""
        agreement_id, product_id = addition.agreement_id, addition.product.id
        empty = kind is RowClass.ADDITION_WITHOUT_USAGE and addition.quantity == 0
        return self._row(
            f"{agreement_id}/{product_id}#{addition.id}",
            RowClass.MATCHED if empty else kind,
            (),
            customers=customers,
            agreement_id=agreement_id,
            product_id=product_id,
            addition=addition,
            expected=expected,
            more=more,
        )

    # ------------------------------------------------------------ parts

    def _quantity(
        self, customer: str, members: Sequence[str], product_id: int
    ) -> CustomerQuantity | RuleProblem:
        usage = self._inputs.usage_of.get(customer, {})
        return customer_quantity(customer, usage, members, product_id, self._inputs.rules_in_force)

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
        if not codes:
            return ()
        return tuple(
            [
                Part(customer, code, usage.lines, usage.billable)
                for customer in customers
                for code in codes
                if (usage := self._usage.get((customer, code))) is not None
            ]
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
        more: Sequence[Message] = (),
    ) -> ReconciliationRow:
        ordered, beyond = ordered_of(
            self._usage[part.customer_id, part.product_code] for part in parts
        )
        tolerance = self._tolerances.of(product_id)
        terms = self._pricing.terms(agreement_id)
        return ReconciliationRow(
            key=key,
            row_class=row_class,
            customer_ids=customers,
            agreement_id=agreement_id,
            product_id=product_id,
            product_codes=tuple(dict.fromkeys(part.product_code for part in parts)),
            addition_id=addition.id if addition else None,
            bound=addition is not None and is_bound(self._inputs, addition),
            used=parts,
            expected=expected,
            quantity=addition.quantity if addition else None,
            included=addition.less_included if addition else _ZERO,
            unit_price=self._pricing.price(addition, product_id),
            billing=terms.billing,
            currency=terms.currency,
            cost=sum_of(parts, self._costs),
            cost_currency=self._cost_currency,
            net=sum_of(parts, self._net_prices),
            ordered=ordered,
            beyond_order=beyond,
            order=None if beyond is None else order_match(beyond, ordered, tolerance),
            steps=Steps(quantities, self._name, self._month, more) if quantities else tuple(more),
        )

    def _name(self, key: str) -> str:
        if key in self._inputs.products:
            return self._inputs.sophos_name(key)
        return self._inputs.customer_name(key)


def _nobody(agreement: Agreement) -> Message:
    return message(
        "No customer is billed on {agreement} of {company} by sync, so what was used for this "
        "addition is not known.",
        agreement=agreement.name,
        company=agreement.company.name,
    )
