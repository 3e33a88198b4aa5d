"""The browser that the journeys drive: found, or installed once (`python -m tests.e2e.chromium`).

Debian's package when root on Debian, else Playwright's own build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Background services of the browser would look for the internet at every start.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """The path of an installed Chromium; None lets Playwright use its own build."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return None


def can_use_apt() -> bool:
    """Whether Debian's packages can be had."""
    return (
        shutil.which("apt-get") is not None
        and Path("/etc/debian_version").exists()
        and hasattr(os, "geteuid")
        and os.geteuid() == 0
    )


def apt_install(packages: Sequence[str]) -> None:
    """Install packages of Debian; raises CalledProcessError when that fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        check=True,
        env=environment,
    )


def install() -> None:
    """Install a browser where there is none; raises CalledProcessError when that fails."""
    if executable():
        return
    if can_use_apt():
        apt_install(["chromium", "fonts-dejavu", "fonts-noto-color-emoji"])
        return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    install()
