# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo test check lint types imports help-texts lock bench fuzz clean

demo: $(VENV)/demo.stamp
	@$(BIN)/valetkey demo

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: lint types imports help-texts test

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy src tests bench
	cd docs && ../$(BIN)/mypy --strict *.py generator/*.py tutorial/*.py

imports: $(VENV)/dev.stamp
	$(BIN)/lint-imports

help-texts: $(VENV)/dev.stamp
	$(BIN)/python docs/help_texts.py --check

lock: $(VENV)/dev.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" requirements/lock

bench: $(VENV)/dev.stamp
	$(BIN)/python bench/iam.py
	$(BIN)/python bench/audit.py
	$(BIN)/python bench/credentials.py

REQUESTS ?= 1000000
WORKERS ?= 2

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz --requests $(REQUESTS) --workers $(WORKERS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(VENV)/bin/python pyproject.toml requirements/build.txt requirements/demo.txt
	$(PIP) -r requirements/build.txt -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/python pyproject.toml requirements/build.txt requirements/dev.txt
	$(PIP) -r requirements/build.txt -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo.stamp
