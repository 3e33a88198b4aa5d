"""The spreadsheet program that the Excel files are tried with (`python -m tests.libreoffice`).

Debian's package when root on Debian; elsewhere the test that needs it says that it was left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.e2e.chromium import apt_install, can_use_apt

_PACKAGE = "libreoffice-calc-nogui"
# Comma, quote, UTF-8; every cell as it is stored, not as it is shown; all sheets, a file each.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


def executable() -> str | None:
    """The path of an installed LibreOffice."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def as_csv(workbook: Path, folder: Path) -> dict[str, str]:
    """What LibreOffice reads in each sheet of a workbook, as CSV by the sheet's name."""
    program = executable()
    assert program is not None
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--norestore",
            "--convert-to",
            _CSV,
            "--outdir",
            str(folder),
            str(workbook),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    found = folder.glob(f"{workbook.stem}-*.csv")
    return {
        path.stem.removeprefix(f"{workbook.stem}-"): path.read_text(encoding="utf-8")
        for path in found
    }


def install() -> None:
    """Install LibreOffice where that is simple; nothing depends on it but one test."""
    if executable() is None and can_use_apt():
        apt_install([_PACKAGE])


if __name__ == "__main__":
    install()
