# What checks the checks. Each figure of tests/README.md comes from one of these; none runs in `make test`.
# Included by the Makefile.

NEWEST ?= $(shell for p in python3.14 python3.13 python3.12; do \
  "$$p" -c 'import ensurepip, sys, venv' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
SCRATCH := build/trust
EXAMPLES ?= 1000
WORLDS ?= 1000
SITTINGS ?= 200
SECONDS_EACH ?= 60
COVERED ?= 92
# Compiled modules once more as plain Python: what is compiled is not counted as run.
UNCOMPILED := tests/network/test_distances.py tests/terrain/test_elevation.py tests/visibility/test_isovists.py tests/network/test_catchments.py \
  tests/terrain/test_sky_and_sun.py tests/scoring/test_scores.py tests/osm/test_one_pass.py

# What is mutated, and by which tests; of large modules a sample drawn with a seed.
KILLED ?= 85
mutants_disclosure := spatial/observations/disclosure.py --by tests/observations/test_disclosure.py
mutants_publication := spatial/observations/disclosure.py \
  --by tests/observations/test_disclosure.py tests/observations/test_publication.py
mutants_scoring := spatial/scoring/judging.py --by tests/scoring/test_scores.py --sample 150
mutants_conflation := spatial/layers/conflation.py --by tests/layers/test_conflation.py --sample 150
mutants_network := spatial/network/distances.py spatial/network/graph.py --by tests/network/test_distances.py tests/terrain/test_elevation.py --sample 100
mutants_walking := spatial/network/kernels.py --by tests/network/test_distances.py tests/terrain/test_elevation.py --sample 100
SIGHTS := --by tests/visibility/test_isovists.py --only "not second_process and not threads_ and not in_threads and not town"
mutants_visibility := spatial/visibility/isovists.py $(SIGHTS) --sample 100
mutants_sweep := spatial/visibility/kernels.py $(SIGHTS) --sample 100
MUTATED := disclosure publication scoring conflation network walking visibility sweep

.PHONY: trust audit licences sbom dist-check coverage slowest mutants $(MUTATED:%=mutants-%) faults fuzz worlds sittings fuzz-guided test-oldest test-newest same-bytes

trust: audit licences sbom dist-check same-bytes

# Known vulnerabilities of what is needed to run. An advisory service that cannot be reached is a failure, not a pass.
audit: $(DEV_STAMP)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

# The licence of each package that is needed to run, into docs/licences.md; fails on GPL and AGPL.
licences: $(DEV_STAMP)
	$(BIN)/python -m tests.licences

# Software bill of materials (CycloneDX) of what is needed to run.
sbom: $(DEV_STAMP)
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON -o dist/faellesrum.cdx.json
	@echo dist/faellesrum.cdx.json

# Wheel and sdist are built, the wheel of the sdist is installed into an empty environment, and the demo run from elsewhere.
dist-check: $(DEV_STAMP)
	rm -rf dist/*.whl dist/*.tar.gz $(SCRATCH)/clean
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python -m venv $(SCRATCH)/clean
	$(SCRATCH)/clean/bin/python -m pip --quiet install --require-hashes -r requirements.lock
	$(SCRATCH)/clean/bin/python -m pip --quiet install --no-deps dist/*.whl
	cd $(SCRATCH)/clean && ./bin/faellesrum demo --out demo && ./bin/faellesrum doctor --lang en

# Lines and branches of spatial/ that the tests run through, in the processes that they start too. Without the
# interrupts, which would catch the counter itself at its start.
coverage: $(DEV_STAMP) browser
	@mkdir -p $(SCRATCH) && rm -f $(SCRATCH)/coverage.data*
	$(PYTEST) -m "not integration" --cov --cov-report= --durations=10 \
	  --ignore tests/faults/test_interrupts.py $(PYTEST_ARGS)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n auto $(UNCOMPILED) -k "not second_process" --cov --cov-append --cov-report=
	$(BIN)/coverage html --quiet -d $(SCRATCH)/coverage
	$(BIN)/coverage report --skip-covered --fail-under=$(COVERED)

slowest: $(DEV_STAMP)
	$(BIN)/python -m pytest $(QUICK) --durations=10 $(PYTEST_ARGS)

# Changes to the code of which some test must say so: all that are named above, `make mutants-scoring`, or any by hand:
# `make mutants MUTATE=spatial/core/crs.py MUTATE_BY=tests/core/test_crs.py`.
ifdef MUTATE
mutants: $(DEV_STAMP)
	$(BIN)/python -m tests.mutants $(SCRATCH)/mutants $(MUTATE) --by $(MUTATE_BY)
else
mutants: $(MUTATED:%=mutants-%)
endif

$(MUTATED:%=mutants-%): mutants-%: $(DEV_STAMP)
	$(BIN)/python -m tests.mutants $(SCRATCH)/mutants-$* $(mutants_$*) --least $(KILLED)

faults: $(DEV_STAMP)
	FAELLESRUM_EVERY_CASE=1 $(BIN)/python -m pytest tests/faults $(PYTEST_ARGS)

# Files broken by chance, many more than in `make test`.
fuzz: $(DEV_STAMP)
	FAELLESRUM_FUZZ=$(EXAMPLES) $(BIN)/python -m pytest tests/hostile/test_hostile_files.py -k broken_by_chance $(PYTEST_ARGS)
	FAELLESRUM_BROKEN_EXTRACTS=300 $(BIN)/python -m pytest tests/osm/test_broken_extracts.py $(PYTEST_ARGS)

# How often intervals of the model of counts hold what was planted, in many more worlds than in `make test`.
worlds: $(DEV_STAMP)
	FAELLESRUM_WORLDS=$(WORLDS) $(BIN)/python -m pytest tests/observations/test_model.py -k planted $(PYTEST_ARGS)

# That what the studio shows is what a run with the plan finds, after this many random sittings.
sittings: $(DEV_STAMP)
	FAELLESRUM_SITTINGS=$(SITTINGS) $(BIN)/python -m pytest tests/studio/test_looking.py -k shown_last $(PYTEST_ARGS)

# Our own parsers under a fuzzer that is guided by branches (atheris, Linux): so many seconds each.
fuzz-guided: $(DEV_STAMP)
	$(BIN)/python -m tests.hostile.guided $(SECONDS_EACH)

# The oldest versions that pyproject.toml allows: the demo, and the tests of the core.
test-oldest: $(DEV_STAMP) | $(UV)
	@mkdir -p $(SCRATCH)
	$(UV) pip compile pyproject.toml --group test --resolution lowest-direct --python-version 3.11 --quiet --no-header \
	  -o $(SCRATCH)/oldest.txt
	$(BIN)/python -m venv --clear $(SCRATCH)/oldest
	$(SCRATCH)/oldest/bin/python -m pip --quiet install -r $(SCRATCH)/oldest.txt
	$(SCRATCH)/oldest/bin/python -m pip --quiet install --no-deps .
	cd $(SCRATCH) && oldest/bin/faellesrum demo --out demo-oldest

# The newest Python on this machine, with the locked dependencies.
test-newest: | $(UV)
	@test -n "$(NEWEST)" || { echo "no Python newer than 3.11 is on this machine" >&2; exit 1; }
	$(NEWEST) -m venv --clear $(SCRATCH)/newest
	$(SCRATCH)/newest/bin/python -m pip --quiet install --require-hashes -r requirements.lock
	$(SCRATCH)/newest/bin/python -m pip --quiet install --no-deps .
	cd $(SCRATCH) && newest/bin/faellesrum demo --out demo-newest

# The same tables, byte for byte: on one processor and on all, on this Python and on the newest.
same-bytes: $(RUN_STAMP) test-newest
	$(BIN)/faellesrum demo --out $(SCRATCH)/demo-all
	NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 $(if $(shell command -v taskset),taskset -c 0,) \
	  $(BIN)/faellesrum demo --out $(SCRATCH)/demo-one
	$(BIN)/python -m tests.same_bytes $(SCRATCH)/demo-all $(SCRATCH)/demo-one $(SCRATCH)/demo-newest
