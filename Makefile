# make run    serves the example site        make test   runs lint, types and tests
# Both do all the set-up on a machine that has Python 3.11 or newer: a .venv here, from the hashed lock files.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: help run dev test check format lock docs screenshots bench clean

help:
	@sed -n '1,2s/^# //p' Makefile

run: .venv/ready-to-run
	$(BIN)/portico serve

dev: .venv/ready-to-run
	$(BIN)/portico dev

test: check
	$(BIN)/python -m pytest $(TESTS)

check: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready-to-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/ready-to-test
	$(BIN)/python docs/generate.py

screenshots: .venv/ready-to-test
	$(BIN)/python docs/screenshots/make.py

bench: .venv/ready-to-test
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	$(BIN)/python -m benchmarks $(BENCH)

lock: .venv/ready-to-test
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK) --group build --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --group build --group dev --output-file requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --group bench --output-file requirements-bench.txt pyproject.toml
LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
	  --extra examples --extra jobs --extra postgres

clean:
	rm -rf .venv .portico

.venv/ready-to-run: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Portico needs Python 3.11 or newer; none was found. Name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv from requirements.txt: once, a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-to-test: requirements-dev.txt .venv/ready-to-run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
