"""The French catalog is complete, true to the English places, and up to date."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from pages.locale.update import (
    KEYWORDS,
    ROOT,
    TEMPLATE,
    catalog_paths,
    extract,
    read_catalog,
    sources,
)

LANGUAGES = sorted(catalog_paths())


def forms(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def places(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def sentences(language: str) -> list[Message]:
    return [one for one in read_catalog(catalog_paths()[language], language) if one.id]


@pytest.fixture(scope="module")
def extracted() -> dict[str, Message]:
    return {forms(one.id)[0]: one for one in extract() if one.id}


def test_french_is_there():
    assert LANGUAGES == ["fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_sources_is_translated(language, extracted):
    translated = {forms(one.id)[0]: one for one in sentences(language)}
    missing = sorted(extracted.keys() - translated.keys())
    assert not missing, "run: python -m pages.locale.update"
    untranslated = sorted(key for key in extracted if not all(forms(translated[key].string)))
    assert not untranslated
    plural = {key for key, one in extracted.items() if len(forms(one.id)) == 2}
    assert not [key for key in plural if len(forms(translated[key].string)) != 2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_over_or_guessed(language, extracted):
    leftover = [one.id for one in sentences(language) if forms(one.id)[0] not in extracted]
    assert not leftover, "run: python -m pages.locale.update"
    assert not [one.id for one in sentences(language) if one.fuzzy]


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_places_of_the_source(language):
    for one in sentences(language):
        wanted = places(forms(one.id)[-1])
        for translation in filter(None, forms(one.string)):
            # "1 change" may be said without its number in either language.
            assert places(translation) | {"count"} == wanted | {"count"}, one.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_typography_is_that_of_the_source(language):
    """A Markdown sign or an edge space that one side lacks would show on the page."""
    for one in sentences(language):
        for source, translation in zip(forms(one.id)[-1:], forms(one.string)[-1:], strict=True):
            for mark in ("**", "`", "\n"):
                assert source.count(mark) == translation.count(mark), source
            assert (source == source.strip()) == (translation == translation.strip()), source


def test_the_template_is_up_to_date(extracted):
    on_disk = {forms(one.id)[0] for one in read_catalog(TEMPLATE, "en") if one.id}
    assert on_disk == extracted.keys(), "run: python -m pages.locale.update"


# ---- nothing that extraction does not see


def said_in(tree: ast.AST) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    """The sentences of every call that translates; None for one that is not plainly written."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id in KEYWORDS:
            count = len(KEYWORDS[call.func.id] or (1,))
            yield call.lineno, tuple(plainly_written(one) for one in call.args[:count])


def plainly_written(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_sentence_is_plainly_written_and_extracted(path, extracted):
    unseen = [
        (line, said)
        for line, said in said_in(ast.parse(path.read_text(encoding="utf-8")))
        if None in said or said[0] not in extracted
    ]
    assert not unseen


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("_('Save')", ("Save",)),
        ("_('Save ' 'it')", ("Save it",)),
        ("_(f'Save {name}')", (None,)),
        ("_('Save' if late else 'Keep')", (None,)),
        ("message(words, name=name)", (None,)),
        ("ngettext('{count} row', rows, 2)", ("{count} row", None)),
        ("f'{_(words)}'", (None,)),
    ],
)
def test_the_check_of_sentences_sees_what_it_should(source, said):
    assert [found for _line, found in said_in(ast.parse(source))] == [said]


# ---- no words on a page outside of the catalogs

SPEAKING = {
    "area_chart", "badge", "bar_chart", "button", "caption", "checkbox", "dialog",
    "download_button", "error", "expander", "file_uploader", "form_submit_button", "header",
    "info", "link_button", "markdown", "metric", "multiselect", "number_input", "page_link",
    "pills", "popover", "progress", "radio", "segmented_control", "selectbox", "spinner",
    "status", "subheader", "success", "tabs", "text", "text_area", "text_input", "title",
    "toast", "toggle", "warning", "write", "Page",
}  # fmt: skip
SPEAKING_ARGUMENTS = {"label", "help", "placeholder", "title", "text", "body", "page_title"}
# Names of products are the same in every language.
NAMES = {"ConnectWise PSA", "Sophos Central", "Usage Sync"}


def page_sources() -> list[Path]:
    pages = sorted((ROOT / "pages").rglob("*.py"))
    return [ROOT / "app.py", *(path for path in pages if path.parent.name != "locale")]


def spoken_literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr not in SPEAKING:
            continue
        spoken = [*call.args[:1], *(k.value for k in call.keywords if k.arg in SPEAKING_ARGUMENTS)]
        for argument in spoken:
            for literal in untranslated_parts(argument):
                yield call.lineno, literal


def untranslated_parts(node: ast.AST) -> Iterator[str]:
    """Words in the expression that did not go through `_()` or its like."""
    if isinstance(node, ast.Call):
        return  # the call decides; `_()` and helpers that return translated text
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if has_words(node.value):
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from untranslated_parts(child)


def has_words(literal: str) -> bool:
    stripped = re.sub(
        r":(material/\w+:|(red|gray|blue|green|orange|small)(-badge)?\[)", "", literal
    )
    for name in NAMES:
        stripped = stripped.replace(name, "")
    return bool(re.search(r"[^\W\d_]{3,}", stripped)) and not re.fullmatch(
        r"(pages/)?\w+\.py", stripped
    )


@pytest.mark.parametrize("path", page_sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_word_on_a_page_can_be_translated(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(spoken_literals(tree)) == []


LISTS = {"selectbox", "multiselect"}


@pytest.mark.parametrize("path", page_sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_list_has_a_placeholder_of_streamlit(path):
    """It would be English for everybody."""
    silent = [
        call.lineno
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LISTS
        and "placeholder" not in {keyword.arg for keyword in call.keywords}
    ]
    assert not silent


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("st.button('Save')", ["Save"]),
        ("st.button(_('Save'))", []),
        ("st.text_input(_('Name'), help='Say who you are')", ["Say who you are"]),
        ("st.markdown(f'**Rows** {count}')", ["**Rows** "]),
        ("st.markdown(f'**{name}** · {count}')", []),
        ("st.markdown(':material/check: ')", []),
        ("column.caption('Words' if late else _('More'))", ["Words"]),
    ],
)
def test_the_check_itself_sees_what_it_should(source, found):
    assert [literal for _line, literal in spoken_literals(ast.parse(source))] == found
