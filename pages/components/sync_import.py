"""The dialog that takes the vendor's usage file: first what it would replace, then the import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.domain.csv_table import decode
from core.domain.month import Month
from core.domain.usage_import import left_out_words
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.usage import UsagePreview
from pages.components.file_field import file_field
from pages.components.formats import month_text
from pages.components.language import _, ngettext, text
from pages.components.plan_table import few
from pages.components.problems import as_typed, show_error
from pages.components.sync_month import MonthState
from pages.components.sync_session import close_dialog
from pages.components.tasks import import_usage


def draw_import(services: Services, state: MonthState) -> None:
    """Take the vendor's usage file in, as if it had been fetched."""
    st.write(
        _(
            "The monthly usage report of Sophos Central Partner as CSV. It replaces what was "
            "fetched of {month}; earlier readings are kept.",
            month=month_text(state.month),
        )
    )
    file = file_field(_("Usage file"), "usage_sync_import_file")
    content, preview = _read(services, state.month, file)
    agreed = preview is not None and file is not None and _draw(services, preview, file.file_id)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="usage_sync_import_back"):
            close_dialog()
            st.rerun()
        pressed = st.button(
            _("Import the file"), key="usage_sync_import_yes", type="primary", disabled=not agreed
        )
    # Once more: the button may have been pressed before somebody else's reading of the month.
    if pressed and agreed and preview is not None:
        close_dialog()
        import_usage(services, content, state.month, preview.missing)


def _read(
    services: Services, month: Month, file: UploadedFile | None
) -> tuple[str, UsagePreview | None]:
    """The text of the file and what it would bring; None where it cannot be taken, which is told
    here."""
    if file is None:
        return "", None
    try:
        content = decode(file.getvalue())
        revision, store = services.store.revision, str(services.store.path)
        return content, _preview(services, content, str(month), revision, store)
    except UsageSyncError as error:
        show_error(error)
        return "", None


@st.cache_data(max_entries=3, show_spinner=False)
def _preview(
    _services: Services,
    content: str,
    month: str,
    revision: int,  # noqa: ARG001 - part of the cache's key
    store: str,  # noqa: ARG001 - part of the cache's key
) -> UsagePreview:
    """Kept while nothing is written: a large file is not read anew for a tick."""
    return _services.usage.preview_file(content, Month.parse(month))


def _draw(services: Services, preview: UsagePreview, file_id: str) -> bool:
    """What the file would bring and replace; whether it may be taken so."""
    names = services.usage.customer_names()
    lines = _lines(services, preview, names)
    st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
    if not preview.missing:
        return True
    told = _(
        "They would have no usage in {month}, and what is billed to them may go to 0: {customers}",
        month=month_text(preview.month),
        customers=_few_customers(preview.missing, names),
    )
    st.warning(as_typed(told), icon=":material/person_off:")
    # A tick is for one file and for these customers: another file, or others missing, asks anew.
    key = f"usage_sync_import_replace_{file_id}_{hash(preview.missing)}"
    return st.checkbox(as_typed(_missing_text(len(preview.missing))), key=key)


def _missing_text(count: int) -> str:
    return ngettext(
        "{count} customer of the last reading is missing in this file; it replaces the whole month",
        "{count} customers of the last reading are missing in this file; it replaces the whole "
        "month",
        count,
    )


def _lines(services: Services, preview: UsagePreview, names: Mapping[str, str]) -> Iterator[str]:
    lines = ngettext("{count} usage line", "{count} usage lines", preview.lines)
    customers = ngettext("{count} customer", "{count} customers", preview.customers)
    yield _("In the file: {lines} of {customers}", lines=lines, customers=customers)
    yield from (text(one) for one in left_out_words(preview.left_out))
    change = preview.replaces
    if preview.compared_with != preview.month:
        yield _("This month has no complete reading yet.")
    if change is None or preview.compared_with is None:
        return
    if preview.compared_with != preview.month:
        yield _("Compared with {month}:", month=month_text(preview.compared_with))
    yield _(
        "Lines: {before} in the last complete reading, {after} in this file",
        before=preview.lines_before,
        after=preview.lines,
    )
    if change.new:
        yield _("New customers: {customers}", customers=_few_customers(change.new, names))
    if change.products_gone:
        products = few(_products(services, change.products_gone))
        yield _("Products without usage now: {products}", products=products)


def _few_customers(ids: Sequence[str], names: Mapping[str, str]) -> str:
    return few(sorted(names.get(id_) or id_ for id_ in ids))


def _products(services: Services, codes: Sequence[str]) -> list[str]:
    known = {product.code: product.description for product in services.store.products.all()}
    return [known.get(code) or code for code in codes]
