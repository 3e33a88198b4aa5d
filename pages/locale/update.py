"""Bring the catalogs up to date with the sources: `python -m pages.locale.update`.

Extracts every sentence of app.py, pages/ and core/ into `messages.pot` and merges it into each
language's `messages.po`. What is new comes untranslated, what is gone is dropped, and nothing is
guessed ("fuzzy"). No times and no line numbers are written, so that the files change only when a
sentence does.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
DIRECTORY = ROOT / "pages" / "locale"
TEMPLATE = DIRECTORY / "messages.pot"
KEYWORDS = {"_": None, "message": None, "ngettext": (1, 2), "plural_message": (1, 2)}
# What the sandbox says stands for the vendors, who answer in English.
_LEFT_OUT = (ROOT / "core" / "sandbox", DIRECTORY)


def extract() -> Catalog:
    """Every translatable sentence of the sources, with the files that it is in."""
    catalog = Catalog(project="Usage Sync", charset="utf-8", fuzzy=False)
    for path in sources():
        relative = path.relative_to(ROOT).as_posix()
        found = extract_from_file("python", path, keywords=KEYWORDS, comment_tags=["Translators:"])
        for line, source, comments, context in found:
            places = [(relative, line)]
            catalog.add(source, locations=places, auto_comments=comments, context=context)
        for line, source in _within_fstrings(path.read_text(encoding="utf-8")):
            catalog.add(source, locations=[(relative, line)])
    return catalog


def read_catalog(path: Path, language: str) -> Catalog:
    """The catalog of one language as it is on disk."""
    with path.open("rb") as file:
        return read_po(file, locale=language)


def catalog_paths() -> dict[str, Path]:
    """language -> its messages.po."""
    return {path.parent.parent.name: path for path in sorted(DIRECTORY.glob("*/*/messages.po"))}


def update() -> bool:
    """Write the template and all catalogs; True when anything changed."""
    template = extract()
    changed = _write(TEMPLATE, template)
    for language, path in catalog_paths().items():
        catalog = read_catalog(path, language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        changed |= _write(path, catalog)
    return changed


def sources() -> list[Path]:
    """Every file that may say something to a person."""
    found = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "core").rglob("*.py")]
    return sorted(path for path in found if not any(path.is_relative_to(o) for o in _LEFT_OUT))


def _within_fstrings(code: str) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    """The sentences of calls inside of f-strings, which Babel does not see before Python 3.12."""
    outer = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.JoinedStr))
    for call in (node for fstring in outer for node in ast.walk(fstring)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id not in KEYWORDS:
            continue
        count = len(KEYWORDS[call.func.id] or (1,))
        values = [one.value for one in call.args[:count] if isinstance(one, ast.Constant)]
        said = tuple(value for value in values if isinstance(value, str))
        if len(said) == count:
            yield call.lineno, said[0] if count == 1 else said


def _write(path: Path, catalog: Catalog) -> bool:
    body = BytesIO()
    write_po(body, catalog, width=98, omit_header=True, sort_output=True, include_lineno=False)
    content = _header(catalog) + body.getvalue()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.write_bytes(content)
    return True


def _header(catalog: Catalog) -> bytes:
    """Our own: Babel's has times and addresses that would change with every run."""
    lines = ["Content-Type: text/plain; charset=utf-8\\n", "Content-Transfer-Encoding: 8bit\\n"]
    if catalog.locale is not None:
        lines = [
            f"Language: {catalog.locale}\\n",
            f"Plural-Forms: {catalog.plural_forms}\\n",
            *lines,
        ]
    quoted = "\n".join(f'"{line}"' for line in lines)
    return f'msgid ""\nmsgstr ""\n{quoted}\n\n'.encode()


if __name__ == "__main__":
    sys.stdout.write("updated\n" if update() else "nothing to do\n")
