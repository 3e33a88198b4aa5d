"""The spreadsheet program that the Excel files are tried with (`python -m tests.libreoffice`).

Debian's package when root on Debian; elsewhere the tests that need it say that they were left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.e2e.chromium import apt_install, can_use_apt

_PACKAGE = "libreoffice-calc-nogui"
_FILTER = "xlsx:Calc MS Excel 2007 XML"


def executable() -> str | None:
    """The path of an installed LibreOffice."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def saved_again(workbook: Path, folder: Path) -> Path:
    """What LibreOffice makes of a workbook: opened, computed, and saved under the same name."""
    program = executable()
    assert program is not None
    profile = (folder / "profile").as_uri()
    target = folder / "saved"
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--norestore",
            "--convert-to",
            _FILTER,
            "--outdir",
            str(target),
            str(workbook),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return target / workbook.name


needed = pytest.mark.skipif(executable() is None, reason="LibreOffice is not installed")


def cells(book: Workbook) -> dict[str, list[list[tuple[str, object]]]]:
    """The type and the value of every cell, by sheet. The type of a formula would be `f`."""
    return {
        sheet.title: [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows()]
        for sheet in book.worksheets
    }


def install() -> None:
    """Install LibreOffice where that is simple; nothing depends on it but two tests."""
    if executable() is None and can_use_apt():
        apt_install([_PACKAGE])


if __name__ == "__main__":
    install()
