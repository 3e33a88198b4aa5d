# Everything a person or CI does here is one of these targets; the README has the same without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run install test check format bench catalogs clean

run: $(VENV)/.runs
	$(BIN)/python -m streamlit run app.py

install: $(VENV)/.tests

test: install
	$(BIN)/python -m tests.e2e.chromium
	$(BIN)/python -m tests.libreoffice
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: install
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

format: install
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

bench: install
	$(BIN)/python -m tests.e2e.chromium
	$(BIN)/python -m tests.bench

catalogs: install
	$(BIN)/python -m pages.locale.update

clean:
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.tests: requirements-dev.txt $(VENV)/.runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
