# Every target sets up what it needs. `make demo PYTHON=python3.12` names the Python, `VENV=folder` the environment.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done)
VENV ?= .venv
BENCH_VENV ?= .venv-bench

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1
export NO_MKDOCS_2_WARNING = 1

.PHONY: help demo test coverage bench experiments docs lint format clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help:
	@echo "make demo    fit the lynx and hare record and forecast it (about two minutes)"
	@echo "make test    run the fast tests; make test ARGS='-m slow' the slow ones"
	@echo "make coverage  run them and show which lines of src/nde they miss"
	@echo "make bench   measure against other libraries"
	@echo "make experiments ARGS=NAME  reproduce an experiment; without ARGS tell which there are"
	@echo "make docs    build the documentation into site/"
	@echo "make lint    format check, lint, types, import contract"
	@echo "make format  format, and mend what lint can mend"
	@echo "make clean   remove the environments and what was built"

demo: $(VENV)/.ready-learn
	$(VENV)/bin/nde demo $(ARGS)

test: $(VENV)/.ready-test
	$(VENV)/bin/python -m pytest $(ARGS)

coverage: $(VENV)/.ready-dev
	$(VENV)/bin/python -m pytest --cov $(ARGS)

bench: $(BENCH_VENV)/.ready-bench
	$(BENCH_VENV)/bin/python -m benchmarks $(ARGS)

experiments: $(VENV)/.ready-experiments
	$(VENV)/bin/python -m experiments $(ARGS)

docs: $(VENV)/.ready-docs
	$(VENV)/bin/python -m mkdocs build --strict $(ARGS)

lint: $(VENV)/.ready-dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python
	$(VENV)/bin/lint-imports

format: $(VENV)/.ready-dev
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format

clean:
	rm -rf $(VENV) $(BENCH_VENV) site .coverage coverage.xml .pytest_cache .ruff_cache .import_linter_cache

# A stamp stands for an environment that holds the package with one set of extras; it ages with pyproject.toml.
$(VENV)/.ready-%: pyproject.toml $(VENV)/.made
	$(call install,$(VENV),.[$*])

$(BENCH_VENV)/.ready-bench: pyproject.toml $(BENCH_VENV)/.made
	@$(BENCH_VENV)/bin/python -m pip install --quiet torch==2.13.0
	$(call install,$(BENCH_VENV),.[bench])

$(VENV)/.made $(BENCH_VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "nde wants Python 3.11, 3.12 or 3.13; found: $$(python3 --version 2>&1 || echo none)." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; \
		sys.exit(None if (3, 11) <= v <= (3, 13) else "nde wants Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d." % v)'
	@"$(PYTHON)" -m venv --clear $(@D) || { \
		echo "No virtual environment could be made with $(PYTHON) (on Debian and Ubuntu: apt install python3-venv)." >&2; \
		exit 1; }
	@echo '*' > $(@D)/.gitignore
	@touch $@

define install
	@echo "installing $(2) into $(1)"
	@$(1)/bin/python -m pip install --quiet --editable '$(2)'
	@touch $@
endef
