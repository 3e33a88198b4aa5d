from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import core.storage.store as store_module
from core.domain.models import BundleRule, Combine, MonthClosing, Outcome, UsageLine
from core.errors import StoreError, StoreMismatchError, message
from core.storage.database import Database
from core.storage.migrations import migrate
from core.storage.rules_store import RuleWrite
from core.storage.schema import MIGRATIONS, Migration
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, change_of, entry, fetch, line, mapping, usage
from tests.storage.sync_samples import (
    addition,
    agreement,
    binding,
    change,
    company,
    customer,
    customer_change,
    line_of,
    numbered,
    run,
    tenant,
)

SANDBOX_SENTENCE = (
    "The database {path} holds sandbox data and cannot be used with real systems. "
    "Set USAGE_SYNC_STORE to another file."
)
REAL_SENTENCE = (
    "The database {path} holds data of real systems and cannot be used with the sandbox. "
    "Set USAGE_SYNC_STORE to another file."
)


def test_everything_is_there_after_reopening(path: Path) -> None:
    closed = MonthClosing(month=OCTOBER.plus(-1), closed=True, at=NOON, by="ada")
    with Store.open(path, "sandbox") as store:
        store.mappings.save([mapping()], [change_of()], {"CIX": 0})
        store.catalog.replace([entry()], NOON)
        store.usage.record_fetch(fetch([line()]), [line()], [usage()])
        store.settings.put("language", "fr", "ada", NOON)
        store.customers.replace_tenants([tenant()], NOON)
        store.customers.replace_connectwise([company()], [agreement()], NOON)
        store.customers.change(lambda current: ([customer()], [customer_change()]))
        store.rules.change(lambda current: RuleWrite(bundles={17: BundleRule(Combine.MAX)}))
        store.additions.replace([7], [addition()], NOON)
        store.months.record(closed)
        opened = store.runs.open_run(run(), numbered(change()))
        store.runs.announce("run-1", [line_of()])
        store.runs.settle("run-1", [line_of(1, Outcome.DONE)], [binding()])
        store.waiting.record(NOON, NOON, OCTOBER, message("Nothing to do."))

    with Store.open(path, "sandbox") as store:
        assert store.customers.tenants() == {"tenant-1": tenant()}
        assert store.customers.companies() == {250: company()}
        assert store.customers.agreements() == {7: agreement()}
        assert store.customers.mappings() == {"tenant-1": customer()}
        assert len(store.customers.history()) == 1
        assert store.rules.all().bundles == {17: BundleRule(Combine.MAX)}
        assert store.additions.of() == {7: (addition(),)}
        assert store.additions.bindings() == {(7, 17): binding()}
        assert store.months.closings() == [closed]
        assert store.runs.open() == replace(opened, done=1)
        assert store.runs.changes("run-1")[0].outcome is Outcome.DONE
        assert store.waiting.last_due() == NOON
        assert store.mappings.all() == {"CIX": mapping()}
        assert len(store.mappings.history()) == 1
        assert store.catalog.all() == [entry()]
        assert store.usage.usage(usage().month) == [usage()]
        assert store.settings.get("language") == "fr"


def test_the_folder_is_made_and_nothing_else_is_left_in_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.duckdb"
    with Store.open(path, "sandbox") as store:
        assert store.path == path.resolve()

    assert [file.name for file in path.parent.iterdir()] == ["store.duckdb"]


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [("sandbox", "real", SANDBOX_SENTENCE), ("real", "sandbox", REAL_SENTENCE)],
)
def test_a_file_keeps_the_mode_that_it_was_created_with(
    path: Path, first: str, second: str, sentence: str
) -> None:
    Store.open(path, first).close()

    with pytest.raises(StoreMismatchError) as caught:
        Store.open(path, second)

    assert str(caught.value) == sentence.format(path=path)
    Store.open(path, first).close()


def test_the_other_mode_is_refused_before_anything_is_upgraded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(path, "real").close()
    newer = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "next", ()))
    monkeypatch.setattr(store_module, "MIGRATIONS", newer)

    with pytest.raises(StoreMismatchError, match="real systems"):
        Store.open(path, "sandbox")

    assert not (path.parent / "backups").exists()


def test_a_file_whose_creation_was_cut_short_is_finished(path: Path) -> None:
    database = Database(path)
    migrate(database)  # killed before the mode was written
    database.close()

    Store.open(path, "real").close()

    with pytest.raises(StoreMismatchError):
        Store.open(path, "sandbox")


def test_a_store_that_is_refused_is_not_held(path: Path) -> None:
    database = Database(path)
    migrate(database, [*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "of a newer version", ())])
    database.close()

    for _ in range(2):  # the second would say "in use"
        with pytest.raises(StoreMismatchError, match="another version"):
            Store.open(path, "sandbox")


def test_nothing_is_read_after_closing(path: Path) -> None:
    store = Store.open(path, "sandbox")
    store.close()
    store.close()

    with pytest.raises(StoreError):
        store.mappings.all()


def test_no_column_is_for_a_secret_or_for_personal_contact_data(store: Store, path: Path) -> None:
    store.close()
    database = Database(path)
    names = {
        row[0]
        for row in database.read(
            "SELECT column_name FROM information_schema.columns WHERE table_catalog = 'store'"
        )
    }
    database.close()

    forbidden = ("secret", "password", "token", "private", "public", "contact", "email", "phone")
    assert [name for name in names if any(word in name for word in forbidden)] == []
    assert "product_code" in names


def test_no_setting_of_a_connection_reaches_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONNECTWISE_PRIVATE_KEY", "SOPHOS_CLIENT_SECRET", "CONNECTWISE_CLIENT_ID"):
        monkeypatch.setenv(name, "s3cr3t-value-of-the-environment")

    with Store.open(path, "real") as store:
        store.settings.put("language", "a-value-to-find", "ada", NOON)

    content = path.read_bytes()
    assert b"a-value-to-find" in content
    assert b"s3cr3t-value-of-the-environment" not in content


def test_eight_threads_use_every_part_of_the_store_at_once(store: Store) -> None:
    failures: list[BaseException] = []

    def guarded(work: Callable[[int], None], number: int) -> Callable[[], None]:
        def run() -> None:
            try:
                work(number)
            except BaseException as error:
                failures.append(error)

        return run

    works = [_edit_mappings, _refresh_catalog, _record_usage, _read_everything] * 2
    threads = [
        threading.Thread(target=guarded(lambda n, w=work: w(store, n), number))
        for number, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert {code: each.version for code, each in store.mappings.all().items()} == {
        "P0": 10,
        "P4": 10,
    }
    assert len(store.mappings.history()) == 20
    assert len(store.usage.fetches()) == 10
    assert len(store.catalog.all()) == 50


def _edit_mappings(store: Store, number: int) -> None:
    code = f"P{number}"
    for version in range(10):
        saved = mapping(code, version=version + 1)
        store.mappings.save([saved], [change_of(code)], {code: version})


def _refresh_catalog(store: Store, number: int) -> None:
    for round_number in range(5):
        text = f"{number}-{round_number}"
        store.catalog.replace([entry(each, description=text) for each in range(50)], NOON)


def _record_usage(store: Store, number: int) -> None:
    for _ in range(5):
        lines: list[UsageLine] = [line(f"T{number}")] * 20
        store.usage.record_fetch(fetch(lines), lines, [usage(f"T{number}")])


def _read_everything(store: Store, number: int) -> None:
    for _ in range(15):
        descriptions = {each.description for each in store.catalog.all()}
        assert len(descriptions) <= 1  # never half of a refresh
        for recorded in store.usage.fetches():
            assert len(store.usage.lines(recorded.id)) == 20
        saves = sum(each.version for each in store.mappings.all().values())
        assert len(store.mappings.history()) >= saves  # a save and its history come together
        store.usage.latest_by_product()
        store.products.all()


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right there")
def test_a_link_to_the_file_is_the_same_store(store: Store, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)

    with pytest.raises(StoreError, match="in use"):
        Store.open(link, "sandbox")


def test_a_store_that_was_copied_elsewhere_opens_there(path: Path, tmp_path: Path) -> None:
    with Store.open(path, "sandbox") as store:
        store.settings.put("language", "fr", "ada", NOON)
    shutil.copy(path, tmp_path / "copy.duckdb")

    with Store.open(tmp_path / "copy.duckdb", "sandbox") as copy:
        assert copy.settings.get("language") == "fr"
