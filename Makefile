# Each target sets up .venv by itself, and is quick the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
TRANSFORMERS := .venv-transformers
AUDIT := .venv-audit

.PHONY: install demo test check lint types imports proof transformers audit clean

install: $(READY)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(DEV): $(READY) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

demo: $(READY)
	@$(BIN)/graphmem demo

# As many processes as processors, each with servers of its own; just one where NEO4J_URI names the server to test.
# In the order of the folders, as the files of tests/contract take longest.
test: $(DEV)
	$(BIN)/python -m tests.class_archive
	$(BIN)/python -m pytest -q --numprocesses $(if $(NEO4J_URI),0,auto) --dist loadfile --no-loadscope-reorder

lint: $(DEV)
	$(BIN)/ruff check graphmem tests scripts
	$(BIN)/ruff format --check graphmem tests scripts

types: $(DEV)
	$(BIN)/basedpyright --level error

imports: $(DEV)
	$(BIN)/lint-imports

# Types are checked beside the tests, which leave processors idle while they wait.
check: lint imports
	@$(MAKE) --no-print-directory --jobs=2 types test

# The long runs: quality on a benchmark that is not part of this project. make proof LOCOMO=path/to/locomo.json
proof: $(DEV)
	$(BIN)/python -m scripts.proof $(if $(LOCOMO),--locomo $(LOCOMO))

# Models of sentence-transformers, in an environment of its own: torch takes minutes to install, and gigabytes.
transformers: $(TRANSFORMERS)/.ready
	$(TRANSFORMERS)/bin/python -m pytest -q -p no:cacheprovider tests/transformers_check.py

$(TRANSFORMERS)/.ready: requirements.txt requirements-dev.txt requirements-transformers.txt
	@test -x $(TRANSFORMERS)/bin/python || $(PYTHON) -m venv $(TRANSFORMERS)
	$(TRANSFORMERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt --requirement requirements-dev.txt --requirement requirements-transformers.txt
	@touch $@

# Known weaknesses of what is installed, by the advisories that PyPI publishes; what could not be looked up fails too.
audit:
	@test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && $(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit; }
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt

clean:
	rm -rf $(TRANSFORMERS) $(AUDIT) $(VENV) .pytest_cache .ruff_cache
