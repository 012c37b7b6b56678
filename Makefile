# Two commands for everybody: `make demo` shows what devkeel does, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint type unit clean

demo: .venv/ready
	$(BIN)/python -m examples.demo

test: lint type unit

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: .venv/ready
	$(BIN)/mypy

unit: .venv/ready
	$(BIN)/pytest $(PYTEST_ARGS)

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
