"""gettext catalogs; `python -m pages.locale.update` brings them up to date."""
