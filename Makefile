# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo test check lint types imports help-texts lock bench fuzz fuzz-gateway native providers \
	mcp-clients wheels clean

demo: $(VENV)/demo.stamp
	@$(BIN)/valetkey demo

# The static credential-process beside the Python one: `make native` builds it. This checkout then
# uses it, and tests it too.
PROGRAM := src/valetkey/sandbox/credential-process

test: $(VENV)/dev.stamp $(wildcard $(PROGRAM))
	$(BIN)/python -m pytest -n 3 --dist loadgroup

check: lint types imports help-texts test

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy src tests bench native hatch_build.py
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
	$(BIN)/python -m bench.issuer
	$(BIN)/python bench/helper.py
	$(BIN)/python -m bench.prove
	$(BIN)/python -m bench.cedar
	$(BIN)/python -m bench.gateway

REQUESTS ?= 1000000
WORKERS ?= 2

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz --requests $(REQUESTS) --workers $(WORKERS) $(addprefix --seed ,$(SEED))

fuzz-gateway: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz_gateway --requests $(REQUESTS) $(addprefix --seed ,$(SEED))

# The OpenID-certified provider that some tests sign in at. Without it they are skipped and say so.
PROVIDER := tests/providers/node_modules/.package-lock.json

providers: $(PROVIDER)

$(PROVIDER): tests/providers/package-lock.json
	cd tests/providers && npm ci --ignore-scripts --no-audit --no-fund --silent

# The official MCP clients, servers and conformance suite that tests meet, and the Node they need,
# which a wheel brings. Without them these tests are skipped and say so.
MCP_CLIENTS := tests/mcp/node_modules/.package-lock.json

mcp-clients: $(MCP_CLIENTS)

$(MCP_CLIENTS): tests/mcp/package-lock.json | $(VENV)/dev.stamp
	$(BIN)/python -m tests.mcp.install

TARGETS := linux-x86_64 linux-aarch64 macos-x86_64 macos-arm64

native: $(PROGRAM)

$(PROGRAM): $(VENV)/native.stamp $(wildcard native/*.[ch]) native/build.py src/valetkey/version.py
	$(BIN)/python native/build.py

wheels: $(VENV)/native.stamp
	rm -rf dist
	VALETKEY_TARGET= $(BIN)/python -m hatchling build -t sdist -t wheel
	for target in $(TARGETS); do VALETKEY_TARGET=$$target $(BIN)/python -m hatchling build -t wheel || exit; done

clean:
	rm -rf $(VENV) build dist $(PROGRAM) tests/providers/node_modules tests/mcp/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

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

$(VENV)/native.stamp: $(VENV)/dev.stamp requirements/native.txt
	$(PIP) -r requirements/native.txt
	@touch $@
