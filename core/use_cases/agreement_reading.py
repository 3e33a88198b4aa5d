"""The additions of many agreements, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from core.clients.connectwise import ConnectWise
from core.domain.models import Addition
from core.errors import AccessError, UnexpectedAnswerError, VendorError, message
from core.use_cases.jobs import Progress, ignore_progress
from core.use_cases.outages import Outages


@dataclass
class AgreementReading:
    """What was read, by agreement; `failures` are the agreements that could not be, `unchanged`
    those that have what they had at the last reading."""

    additions: dict[int, Sequence[Addition]] = field(default_factory=dict)
    unchanged: set[int] = field(default_factory=set)
    failures: dict[int, VendorError] = field(default_factory=dict)

    def of(self, agreement_id: int) -> Sequence[Addition]:
        """The additions of an agreement; raises why they could not be read."""
        if agreement_id in self.failures:
            raise self.failures[agreement_id]
        return self.additions[agreement_id]


def read_additions(
    connectwise: ConnectWise,
    agreement_ids: Collection[int],
    last_reading: Callable[[], Mapping[int, Sequence[Addition]]],
    progress: Progress = ignore_progress,
) -> AgreementReading:
    """Read every agreement, as many at a time as the client lets through.

    `last_reading` is asked while the first calls are under way for what was there before, by id:
    no additions at all where there were some is an answer gone wrong, once. Raises AccessError at
    once, and the error of an outage.
    """
    reading, outages = AgreementReading(), Outages()
    with ThreadPoolExecutor(max_workers=connectwise.busy_threads) as pool:
        calls = {pool.submit(connectwise.additions, id_, brief=True): id_ for id_ in agreement_ids}
        try:
            before = last_reading()
            for done, call in enumerate(as_completed(calls), start=1):
                agreement_id = calls[call]
                try:
                    found = call.result()
                    refuse_vanished(found, before.get(agreement_id, ()))
                    reading.additions[agreement_id] = found
                    if _is_same(found, before.get(agreement_id)):
                        reading.unchanged.add(agreement_id)
                    outages.over()
                except AccessError:
                    raise
                except VendorError as error:
                    reading.failures[agreement_id] = error
                    outages.note(error)
                progress(done, len(calls))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return reading


def _is_same(found: Sequence[Addition], before: Sequence[Addition] | None) -> bool:
    return before is not None and sorted(found, key=lambda each: each.id) == list(before)


def refuse_vanished(found: Sequence[Addition], before: Sequence[Addition]) -> None:
    """Raise UnexpectedAnswerError for no additions at all where there were some."""
    if before and not found:
        raise UnexpectedAnswerError(
            message("ConnectWise listed no additions of an agreement that had some before."),
            system="ConnectWise",
            remedy=message("Make the plan again: a second answer without additions is believed."),
        )
