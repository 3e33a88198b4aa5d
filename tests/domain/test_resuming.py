from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Addition, Change, ChangeKind, Target
from core.domain.resuming import Decision, Verdict, decide
from tests.domain.planning_world import TODAY, addition

TARGET = Target(11, 1)
FIRST = date(2026, 10, 1)
LAST = date(2026, 9, 30)
QUANTITY_KINDS = [ChangeKind.SET_QUANTITY, ChangeKind.ZERO, ChangeKind.ADOPT_ADDITION]


def change(kind: ChangeKind, **more: object) -> Change:
    values: dict[str, object] = {"before": Decimal(5), "after": Decimal(8), **more}
    if kind is ChangeKind.CREATE_ADDITION:
        values |= {"before": None, "effective_date": FIRST, "known_ids": (90, 100)}
    else:
        values |= {"addition_id": 100}
    if kind is ChangeKind.CANCEL:
        values["cancelled_date"] = LAST
    return Change(kind=kind, target=TARGET, **values)  # type: ignore[arg-type]


def verdict(change_: Change, *additions: Addition, announced: bool = False) -> Decision:
    return decide(change_, additions, announced=announced, today=TODAY)


def there(quantity: object = 5, addition_id: int = 100, **more: object) -> Addition:
    return addition(addition_id, 11, 1, quantity, **more)  # type: ignore[arg-type]


OTHERS = (addition(7, 11, 2, 8), addition(8, 11, 3, 5))


# ---------------------------------------------------------------- quantities


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("kind", QUANTITY_KINDS)
def test_what_the_plan_found_is_done(kind: ChangeKind, announced: bool) -> None:
    found = verdict(change(kind), *OTHERS, there(5), announced=announced)
    assert found == Decision(Verdict.DO)


@pytest.mark.parametrize("kind", QUANTITY_KINDS)
def test_the_wanted_quantity_is_the_runs_own_only_after_it_was_announced(kind: ChangeKind) -> None:
    assert verdict(change(kind), there(8), announced=True) == Decision(Verdict.DONE, 100)
    refused = verdict(change(kind), there(8), announced=False)
    assert refused.verdict is Verdict.REFUSE
    assert "it was 5, and it is 8" in str(refused.text)


@pytest.mark.parametrize("announced", [True, False])
def test_what_needs_no_write_is_done_by_itself(announced: bool) -> None:
    same = change(ChangeKind.ADOPT_ADDITION, after=Decimal("5.0"))
    assert verdict(same, there("5.00"), announced=announced) == Decision(Verdict.DONE, 100)
    assert verdict(same, there(6), announced=announced).verdict is Verdict.REFUSE


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("kind", QUANTITY_KINDS)
@pytest.mark.parametrize(
    "additions",
    [
        (there(6),),
        (),
        OTHERS,
        (there(5, addition_id=101),),
        (there(5, cancelled=TODAY - timedelta(days=1)),),
        (there(8, cancelled=TODAY - timedelta(days=1)),),
        (addition(100, 11, 2, 5),),
    ],
    ids=[
        "changed",
        "deleted",
        "only others",
        "another",
        "cancelled",
        "set, then cancelled",
        "moved",
    ],
)
def test_everything_else_is_refused_with_a_reason(
    kind: ChangeKind, announced: bool, additions: tuple[Addition, ...]
) -> None:
    found = verdict(change(kind), *additions, announced=announced)
    assert found.verdict is Verdict.REFUSE
    assert found.addition_id is None
    assert found.text is not None
    assert found.remedy is not None


def test_an_addition_that_ends_later_is_still_open() -> None:
    assert verdict(change(ChangeKind.ZERO), there(5, cancelled=TODAY)).verdict is Verdict.DO


# ---------------------------------------------------------------- cancelling


@pytest.mark.parametrize("announced", [True, False])
def test_a_cancellation_of_what_was_found_is_done(announced: bool) -> None:
    found = verdict(change(ChangeKind.CANCEL), there(5), announced=announced)
    assert found.verdict is Verdict.DO
    assert verdict(change(ChangeKind.CANCEL), there(6), announced=announced).verdict is (
        Verdict.REFUSE
    )


def test_a_cancellation_is_the_runs_own_by_its_day() -> None:
    cancel = change(ChangeKind.CANCEL)
    cancelled = there(5, cancelled=LAST)
    assert verdict(cancel, cancelled, announced=True) == Decision(Verdict.DONE, 100)
    assert verdict(cancel, cancelled, announced=False).verdict is Verdict.REFUSE
    other_day = there(5, cancelled=LAST - timedelta(days=1))
    assert verdict(cancel, other_day, announced=True).verdict is Verdict.REFUSE
    assert verdict(cancel, announced=True).verdict is Verdict.REFUSE


# ---------------------------------------------------------------- creating


CREATE = change(ChangeKind.CREATE_ADDITION)
KNOWN = (there(1, 90, cancelled=LAST), there(2, 100, cancelled=LAST))
OURS = there(8, 101, effective=FIRST)


@pytest.mark.parametrize("announced", [True, False])
def test_nothing_new_means_create(announced: bool) -> None:
    assert verdict(CREATE, *KNOWN, *OTHERS, announced=announced).verdict is Verdict.DO


def test_the_one_new_addition_is_the_runs_own_after_it_was_announced() -> None:
    assert verdict(CREATE, *KNOWN, OURS, announced=True) == Decision(Verdict.DONE, 101)
    refused = verdict(CREATE, *KNOWN, OURS, announced=False)
    assert refused.verdict is Verdict.REFUSE
    assert "101" in str(refused.text)


@pytest.mark.parametrize(
    "new",
    [
        (replace(OURS, quantity=Decimal(9)),),
        (replace(OURS, effective_date=FIRST + timedelta(days=1)),),
        (replace(OURS, effective_date=None),),
        (replace(OURS, cancelled_date=date(2027, 1, 1)),),
        (OURS, replace(OURS, id=102)),
        (OURS, there(3, 102)),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_anything_else_that_is_new_is_never_taken_for_ours(
    new: tuple[Addition, ...], announced: bool
) -> None:
    found = verdict(CREATE, *KNOWN, *new, announced=announced)
    assert found.verdict is Verdict.REFUSE


def test_the_product_may_be_one_that_the_run_created() -> None:
    created = replace(CREATE, target=Target(11, 0, "CODE"), product_id=1)
    assert verdict(created, *KNOWN, OURS, announced=True) == Decision(Verdict.DONE, 101)
    assert verdict(replace(created, product_id=77), OURS, announced=True).verdict is Verdict.DO


# ---------------------------------------------------------------- properties

additions_lists = st.lists(
    st.builds(
        there,
        st.sampled_from([0, 5, 8]),
        st.sampled_from([90, 100, 101, 102]),
        cancelled=st.sampled_from([None, LAST, TODAY]),
        effective=st.sampled_from([FIRST, LAST]),
    )
    | st.builds(addition, st.just(500), st.just(11), st.just(2), st.sampled_from([5, 8])),
    max_size=5,
    unique_by=lambda each: each.id,
)
changes = st.sampled_from([*QUANTITY_KINDS, ChangeKind.CANCEL, ChangeKind.CREATE_ADDITION]).map(
    change
)


@given(changes, additions_lists, st.booleans(), st.integers(0, 99))
def test_the_order_of_the_additions_does_not_matter(
    wanted: Change, additions: list[Addition], announced: bool, seed: int
) -> None:
    shuffled = list(additions)
    random.Random(seed).shuffle(shuffled)
    assert verdict(wanted, *additions, announced=announced) == verdict(
        wanted, *shuffled, announced=announced
    )


@given(changes, additions_lists, st.booleans())
def test_additions_of_other_products_do_not_matter(
    wanted: Change, additions: list[Addition], announced: bool
) -> None:
    own = [each for each in additions if each.product.id == TARGET.product_id]
    assert verdict(wanted, *additions, announced=announced) == verdict(
        wanted, *own, announced=announced
    )


@given(changes, additions_lists)
def test_without_an_announcement_only_a_change_that_writes_nothing_is_done(
    wanted: Change, additions: list[Addition]
) -> None:
    assert verdict(wanted, *additions, announced=False).verdict is not Verdict.DONE


@given(changes, additions_lists, st.booleans())
def test_carrying_out_what_is_to_be_done_makes_it_done(
    wanted: Change, additions: list[Addition], announced: bool
) -> None:
    if verdict(wanted, *additions, announced=announced).verdict is not Verdict.DO:
        return
    after = list(additions)
    if wanted.kind is ChangeKind.CREATE_ADDITION:
        after.append(there(wanted.after, 999, effective=FIRST))
    elif wanted.kind is ChangeKind.CANCEL:
        after = [replace(a, cancelled_date=LAST) if a.id == 100 else a for a in after]
    else:
        after = [replace(a, quantity=wanted.after) if a.id == 100 else a for a in after]
    again = verdict(wanted, *after, announced=True)
    assert again.verdict is Verdict.DONE
    assert again.addition_id == (999 if wanted.kind is ChangeKind.CREATE_ADDITION else 100)
    # And never a second time.
    assert verdict(wanted, *after, announced=False).verdict is Verdict.REFUSE
