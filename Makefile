# Two commands matter on a fresh machine: `make demo` and `make test`. Both set up .venv themselves.
# Needed: git, make, Python 3.11 or newer with venv. Choose another Python with `make PYTHON=...`.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
  "$$p" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
  && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV ?= $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --no-header --no-annotate --no-strip-extras --quiet
DEV_GROUPS := --extra batch --extra keys --group build --group test --group lint --group docs --group trust
PYTEST_ARGS ?=
# Beside what needs servers and programs, `make integration` takes the browser and what is long; the marks are in pyproject.toml.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
QUICK := -m "not (integration or browser or shared or long)"
WHOLE := FAELLESRUM_EVERY_CASE=1 $(PYTEST) -m "integration or browser or shared or long or thorough"
BENCH_ARGS ?=
MAP := maps/demo
PROGRAMS := poppler-utils strace qgis python3-qgis qgis-providers osmium-tool nginx-light
VISILIBITY := visilibity==1.0.10

RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
BENCH_STAMP := $(VENV)/.installed-bench
NODE_STAMP := node_modules/.installed
SITE := build/site

.DELETE_ON_ERROR:
.PHONY: help demo test integration servers lint types imports scripts node format bench lock locale clean browser programs docs first-hour qgis-plugin release-check

help:
	@echo "make demo         set up and map the bundled estate into $(MAP)"
	@echo "make test         set up and run the tests that need nothing else"
	@echo "make integration  run the others: in a browser, with real servers and programs, of many cases"
	@echo "make docs         build the documentation into $(SITE), warnings as errors"
	@echo "make qgis-plugin  zip the plugin for QGIS into build/qgis"
	@echo "make first-hour   follow README and the Danish quick guide to the letter in a clean clone"
	@echo "make audit | licences | sbom | dist-check | coverage | mutants | faults | fuzz | fuzz-guided | worlds | sittings | test-oldest | same-bytes"
	@echo "make lint | types | imports | scripts | format | bench | lock | locale | clean"

demo: $(RUN_STAMP)
	$(BIN)/faellesrum demo --out $(MAP) --force

test: $(DEV_STAMP)
	$(PYTEST) $(QUICK) $(PYTEST_ARGS)

integration: $(DEV_STAMP) browser programs servers
	$(WHOLE) $(PYTEST_ARGS)

# MapServer, PostGIS and pygeoapi: installed where that is possible, and named where it is not.
servers: $(DEV_STAMP)
	@$(BIN)/python -m tests.integration.servers

# Servers and programs from Debian's packages that the integration tests need.
programs:
	@dpkg -s $(PROGRAMS) >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -q && apt-get install -y -q --no-install-recommends $(PROGRAMS); \
	  else echo "integration: install these first: $(PROGRAMS)" >&2; exit 1; fi; }

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy

imports: $(DEV_STAMP)
	$(BIN)/lint-imports

# The scripts of the pages: types and style. Node is needed for this alone.
scripts: $(NODE_STAMP)
	npm run --silent types
	npm run --silent lint

$(NODE_STAMP): package.json package-lock.json | node
	npm ci --silent --ignore-scripts
	@touch $@

node:
	@{ command -v npm && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 18) ? 0 : 1)'; } >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -q && apt-get install -y -q --no-install-recommends nodejs npm; \
	  else echo "scripts: install Node 18.18 or newer with npm first (Debian, Ubuntu: apt-get install nodejs npm)" >&2; exit 1; fi; }

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH_STAMP)
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

# The notebooks are run first, unless the tests have just done so.
docs: $(DEV_STAMP) browser
	$(BIN)/python docs/run_notebooks.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	$(BIN)/python docs/check_site.py $(SITE) --browser

# The table of algorithms is made of the commands themselves.
qgis-plugin: $(RUN_STAMP)
	$(BIN)/python qgis/build.py

# What a release says of itself, held against its tag: make release-check TAG=v1.2.3
release-check:
	@version="$(TAG:v%=%)"; test -n "$$version" || { echo "release-check: say TAG=v1.2.3" >&2; exit 1; }; \
	grep -qx "version: $$version" CITATION.cff || { echo "CITATION.cff: version is not $$version" >&2; exit 1; }; \
	grep -qE '^date-released: [0-9]{4}-[0-9]{2}-[0-9]{2}$$' CITATION.cff || { echo "CITATION.cff: date-released is missing" >&2; exit 1; }; \
	grep -qF "fallback-version = \"$$version\"" pyproject.toml || { echo "pyproject.toml: fallback-version is not $$version" >&2; exit 1; }; \
	grep -qF "## [$$version]" CHANGELOG.md || { echo "CHANGELOG.md: has no section of $$version" >&2; exit 1; }; \
	echo "release-check: $$version is named alike everywhere"

first-hour: | $(BIN)/python
	$(BIN)/python docs/first_hour.py

browser: $(DEV_STAMP)
	@$(BIN)/python -m tests.ensure_browser

# What click says in Danish, as gettext reads it.
locale: $(DEV_STAMP)
	$(BIN)/pybabel compile --domain click --directory spatial/defaults/locale

# Three locks, each package in one of them: to run, to work on the project besides, and to measure against peers besides.
# All versions are chosen together, near those of the locks that are there; a package with its hashes is one line.
lock: | $(UV)
	@mkdir -p build/lock
	grep -hv '^-r' requirements.lock requirements-dev.lock requirements-bench.lock > build/lock/all
	$(COMPILE) $(DEV_GROUPS) --group bench -o build/lock/all
	sed 's/^\([^ =]*\)\[[^]]*\]/\1/' build/lock/all > build/lock/versions
	$(COMPILE) $(DEV_GROUPS) -c build/lock/versions -o build/lock/dev
	$(COMPILE) --group build -c build/lock/versions -o build/lock/run
	for each in run dev all; do sed -e ':a' -e '/\\$$/N; s/ *\\\n */ /; ta' build/lock/$$each > build/lock/$$each.lines; done
	cp build/lock/run.lines requirements.lock
	(echo "-r requirements.lock"; grep -vxFf build/lock/run.lines build/lock/dev.lines) > requirements-dev.lock
	(echo "-r requirements-dev.lock"; grep -vxFf build/lock/dev.lines build/lock/all.lines) > requirements-bench.lock

$(BIN)/uv: | $(BIN)/python
	$(PIP) install uv

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "No Python 3.11 or newer with venv found; install it (Debian, Ubuntu: apt-get install python3.11-venv)" >&2; \
	  exit 1; fi
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(RUN_STAMP) $@

# visilibity is built here, with swig, a C++ compiler and Python's headers; without it its rows are left out.
$(BENCH_STAMP): requirements-bench.lock $(DEV_STAMP)
	$(PIP) install --require-hashes -r requirements-bench.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-deps "$(VISILIBITY)" >$(VENV)/visilibity.log 2>&1 \
	  || echo "bench: $(VISILIBITY) could not be built ($(VENV)/visilibity.log); its rows are left out" >&2
	@touch $@

include trust.mk

clean:
	rm -rf $(VENV) $(MAP) node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
