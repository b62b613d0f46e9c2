# `make` or `make help` lists what there is. Everything happens in .venv and var/.
PYTHON ?= python3
# Many tests wait for servers that they start, so there is one process more than processors.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 8 ] && n=8; echo "$$((n + 1))")
TOKENS ?= 100000

VENV_PYTHON := .venv/bin/python
COMPILE := $(VENV_PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make requirements" pyproject.toml

.PHONY: help run test test-litellm lint fix bench demo-data requirements

help:
	@echo "make run                  start Trellis on http://127.0.0.1:8000 (PORT=… for another)"
	@echo "make test                 run all tests, installing what they need where it can"
	@echo "make test-litellm         try docs/gateways/litellm_auth.py in a real LiteLLM proxy, installed into var/litellm"
	@echo "make lint                 check style, types, migrations, templates and documents; changes nothing"
	@echo "make fix                  format, and apply safe fixes"
	@echo "make bench                measure, print a table and write var/bench.json"
	@echo "make demo-data TOKENS=n   fill the database with a synthetic platform of n tokens"
	@echo "make requirements         compile the locked requirement files anew"

run: .venv/run.installed
	@exec $(VENV_PYTHON) manage.py run

test: .venv/test.installed
	@.ci/system-packages
	@$(VENV_PYTHON) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# Apart from `make test`: LiteLLM is 700 MB, and takes a minute to install and another to start.
test-litellm: .venv/test.installed var/litellm/installed
	@LITELLM="$(CURDIR)/var/litellm/bin/litellm" $(VENV_PYTHON) -m pytest tests/gateways/test_litellm.py

lint: .venv/test.installed
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy
	$(VENV_PYTHON) manage.py lint

fix: .venv/test.installed
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

bench: .venv/test.installed
	@.ci/system-packages wrk
	@$(VENV_PYTHON) -m tests.benchmarks

demo-data: .venv/run.installed
	@$(VENV_PYTHON) manage.py demo_data --tokens $(TOKENS)

requirements: .venv/test.installed
	@$(VENV_PYTHON) -m pip install --quiet uv
	$(COMPILE) --extra run --output-file requirements/run.txt
	$(COMPILE) --extra run --extra test --output-file requirements/test.txt
	$(COMPILE) --output-file requirements/production.txt

# A stamp, since a creation that was interrupted leaves a python without pip.
.venv/made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "trellis: Python 3.11 or later is needed; say which with make PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "trellis: Python's venv module is incomplete; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@touch $@

# What is installed for the tests serves `make run` too.
.venv/run.installed: requirements/run.txt .venv/made
	@echo "Installing the locked dependencies into .venv …"
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

.venv/test.installed: requirements/test.txt .venv/made
	@echo "Installing the locked dependencies for the tests into .venv …"
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@ .venv/run.installed

var/litellm/installed: tests/gateways/litellm.txt
	@echo "Installing LiteLLM into var/litellm …"
	@"$(PYTHON)" -m venv var/litellm
	@var/litellm/bin/python -m pip install --quiet --disable-pip-version-check -r tests/gateways/litellm.txt
	@touch $@
