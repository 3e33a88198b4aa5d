"""A field for a CSV file, in the reader's language: Streamlit has its own words in English only."""

from __future__ import annotations

import json

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components.language import _

_TYPES = ("csv", "txt", "tsv")
# {field} has the words "Upload" and "200MB per file"; the size is ours to check, and less.
_STYLE = """<style>
{field} [data-testid='stFileUploaderDropzoneInstructions'] {{ display: none }}
{field} [data-testid='stBaseButton-secondary'] p {{ font-size: 0 }}
{field} [data-testid='stBaseButton-secondary'] p::after {{ content: {words}; font-size: 0.875rem }}
</style>"""


def file_field(label: str, key: str) -> UploadedFile | None:
    """The file that is chosen, or None; `key` has to be one that can be part of a CSS class."""
    words = json.dumps(_("Choose a file…"), ensure_ascii=False).replace("<", "")
    st.html(_STYLE.format(field=f".st-key-{key}", words=words))
    return st.file_uploader(label, type=list(_TYPES), key=key)
