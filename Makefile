# `make demo` shows what devkeel does, `make test` proves it, `make quick` proves what changed in less than a minute.
# `make clients` fetches the clients of npm that some tests want.
PYTHON ?= python3
BIN := .venv/bin
# How many tests run side by side; 0 runs them one after the other, in one process.
WORKERS ?= auto

CLIENTS := tests/conformance
LOCKED := requirements-dev.txt

# Without its bytecode each program that a test starts would compile devkeel anew, which doubles the time of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo quick test coverage lint type unit times lock upgrade clients clean

demo: .venv/ready
	$(BIN)/python -m examples.demo

quick: lint type
	$(BIN)/python tests/quick.py --numprocesses=$(WORKERS) --maxprocesses=8

test: lint type unit

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: .venv/ready
	$(BIN)/mypy

unit: .venv/ready
	$(BIN)/pytest --numprocesses=$(WORKERS) --maxprocesses=8 --dist=loadgroup $(MEASURED) $(PYTEST_ARGS)

# All that `make test` proves, and how much of each room the tests ran. Only the library is measured, and only what runs
# in the processes of the tests. From Python 3.12 on the interpreter counts by itself, at next to no price; before, these
# processes take about half as much time again.
coverage: MEASURED := --cov=devkeel --cov-report=
coverage: export COVERAGE_CORE := $(shell $(PYTHON) -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")')
coverage: test

# All tests, with the seconds that each module takes: `make quick` chooses by them.
times: .venv/ready
	$(MAKE) unit PYTEST_ARGS=--junitxml=.venv/times.xml
	$(BIN)/python tests/quick.py --times .venv/times.xml

# Nothing is installed but what the lock names, and no file but those whose hashes it has: --no-deps and
# --no-build-isolation, since pip would fetch what it builds devkeel with in the newest version, and unhashed.
.venv/ready: pyproject.toml $(LOCKED)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCKED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# `make lock` after a change of pyproject.toml: what is locked stays in its version where that is possible.
# `make upgrade` takes the newest versions. One file serves every Python, system and processor (--universal), and names
# no index (--no-emit-index-url), so that a mirror serves as well.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command 'make lock' --no-annotate $(UPGRADE) --group dev --output-file $(LOCKED) pyproject.toml

upgrade: UPGRADE := --upgrade
upgrade: lock

clients: $(CLIENTS)/node_modules/.package-lock.json

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	cd $(CLIENTS) && npm ci --loglevel=error
	touch $@

clean:
	rm -rf $(CLIENTS)/node_modules .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
