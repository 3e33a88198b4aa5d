"""The import arrows of the README's architecture section, held by reading the code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Package -> the project's own packages that it may import.
ARROWS: dict[str, tuple[str, ...]] = {
    "core.errors": (),
    "core.addresses": (),
    "core.notification_settings": ("core.addresses", "core.errors"),
    "core.settings": ("core.addresses", "core.errors", "core.notification_settings"),
    "core.domain": ("core.domain", "core.errors"),
    "core.clients": (
        "core.clients",
        "core.domain.models",
        "core.domain.month",
        "core.errors",
        "core.notification_settings",
        "core.settings",
    ),
    "core.storage": (
        "core.storage",
        "core.domain.models",
        "core.domain.month",
        "core.errors",
        "core.settings",
    ),
    "core.sandbox": ("core.sandbox",),
    "core.use_cases": (
        "core.use_cases",
        "core.domain",
        "core.clients",
        "core.storage",
        "core.errors",
        "core.notification_settings",
        "core.settings",
    ),
    "core.services": ("core",),
    "core.__main__": ("core",),
    "core.cli": ("core",),
    "pages": (
        "pages",
        "core.services",
        "core.use_cases",
        "core.domain",
        "core.errors",
        "core.notification_settings",
        "core.settings",
    ),
    "app": ("pages",),
}
# Library -> the only places that may import it.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "duckdb": ("core.storage",),
    "httpx": ("core.clients.http",),
    "st_aggrid": ("pages.components.grid",),
    "streamlit": ("app", "pages"),
    "starlette": ("core.sandbox",),
    "smtplib": ("core.clients.mail", "core.clients.mail_errors"),
    "uvicorn": ("core.sandbox",),
    "xlsxwriter": ("core.use_cases.workbook",),
}


def _modules() -> Iterator[tuple[str, Path]]:
    yield "app", ROOT / "app.py"
    for folder in ("core", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


MODULES = list(_modules())


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_follow_the_arrows(module: str, path: Path) -> None:
    package = max((p for p in ARROWS if _within(module, p)), key=len, default=None)
    for imported in _imports(path):
        if any(_within(imported, own) for own in ("core", "pages", "app")):
            assert package is not None, f"{module} has no place in the architecture"
            allowed = any(_within(imported, target) for target in ARROWS[package])
            assert allowed, f"{module} must not import {imported}"
        for library, places in LIBRARIES.items():
            if _within(imported, library):
                assert any(
                    _within(module, place) or module.startswith(place) for place in places
                ), f"{module} must not import {library}"


def test_the_domain_is_pure() -> None:
    impure = {"os", "time", "socket", "subprocess", "threading", "random", "logging", "pathlib"}
    for module, path in MODULES:
        if not _within(module, "core.domain"):
            continue
        libraries = {name.split(".")[0] for name in _imports(path)} - {"core"}
        assert not libraries & impure, module
        assert libraries <= sys.stdlib_module_names, module


def test_the_top_level_is_the_agreed_one() -> None:
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != "__pycache__"
    }
    assert folders == {"core", "pages", "data", "tests"}
