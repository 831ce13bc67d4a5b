# make demo      analyse the shipped data and write the page            make test      set up and run the tests
# make test-all  the slow tests too                                  make lint      style, types, layers
# make bench     paired comparisons with peers                       make format    let ruff rewrite the layout
# make evidence  do the claims hold? (hours; goes on where it stopped)   make evidence-quick  a tenth of it
# make docs      the pages, every example run                        make dist      packages for Python and R in dist/
# make vignettes knit R's vignettes anew (kept in git)
# make clean     remove everything made here                        make sanitize  native tests on checked builds
# make links     ask every address that the pages name (needs a network)
# make coverage  which lines and public names the tests execute      make test-minimum  with the least versions allowed
#
# Each set-up step leaves a stamp in .venv, so it runs again only when what it depends on has changed.
# PYTHON=python3.13 chooses the interpreter that .venv is made from.

SHELL := /bin/bash
VENV  := .venv
PY    := $(VENV)/bin/python
PIP   := $(PY) -m pip --disable-pip-version-check install --quiet

# Directories are listed too: their time changes when a file is removed.
SOURCES := $(shell find python CMakeLists.txt README.md LICENSE $(wildcard data) -name __pycache__ -prune -o -print)

.PHONY: demo test test-all test-minimum coverage sanitize lint format bench evidence evidence-quick docs links vignettes dist clean FORCE
.DELETE_ON_ERROR:
.NOTPARALLEL:

demo: $(VENV)/.package
	$(PY) tools/demo.py

test: SELECT := -m "not slow"
test test-all: $(VENV)/.package $(VENV)/.test $(VENV)/.r
	bash tools/test.sh $(VENV) $(SELECT)

# In build/minimum: what reads, fits, reports and stores.
test-minimum: $(VENV)/.package
	bash tools/minimum.sh $(VENV) $(addprefix tests/,data models/sparse plots report results reference/formats sklearn)

coverage: $(VENV)/.package $(VENV)/.test $(VENV)/.r
	bash tools/coverage.sh $(VENV)

sanitize: $(VENV)/.package $(VENV)/.test
	$(PIP) $$($(PY) tools/build_requires.py) cmake ninja
	bash tools/sanitize.sh $(VENV)

lint: $(VENV)/.package $(VENV)/.lint
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	PYTHONPATH=python $(VENV)/bin/lint-imports --no-logo --no-cache

format: $(VENV)/.lint
	$(PY) -m ruff check --fix-only
	$(PY) -m ruff format

# Not among them: parts of other scripts, and the accuracy of MTHAL, which takes hours (it resumes: see the script).
PARTS = benchmarks/commit.py benchmarks/tables.py benchmarks/exact_design.py benchmarks/exact_routes.py benchmarks/forms_data.py benchmarks/forms_methods.py
BENCHMARKS = $(filter-out $(PARTS) benchmarks/hal_accuracy.py,$(wildcard benchmarks/*.py))
bench: $(VENV)/.package $(VENV)/.bench
	set -e; for script in $(BENCHMARKS); do echo "== $$script"; $(PY) "$$script"; done

# Hours; it goes on where it stopped. EVIDENCE="--only sharing --minutes 30" asks for a part.
evidence: $(VENV)/.package $(VENV)/.bench
	$(PY) benchmarks/evidence/run.py $(EVIDENCE)

evidence-quick: $(VENV)/.package $(VENV)/.bench
	$(PY) benchmarks/evidence/run.py --quick $(EVIDENCE)

docs: $(VENV)/.package $(VENV)/.docs $(VENV)/.r
	rm -rf docs/generated
	$(PY) -m sphinx -q -W --keep-going -b html -c docs . build/docs
	bash tools/r_vignettes.sh $(VENV) build/docs/r
	@echo "Pages: build/docs/index.html, and for R build/docs/r/"

links: $(VENV)/.package $(VENV)/.docs
	$(PY) -m sphinx -q -b linkcheck -D nb_execution_mode=off -c docs . build/links

vignettes: $(VENV)/.package $(VENV)/.r
	R_LIBS=$(CURDIR)/$(VENV)/R-library RETICULATE_PYTHON=$(CURDIR)/$(PY) Rscript tools/vignettes.R write

dist: $(VENV)/.base
	bash tools/dist.sh $(VENV)

clean:
	rm -rf $(VENV) build dist demo-output .pytest_cache .hypothesis .mypy_cache .ruff_cache

# A .venv whose interpreter no longer runs is made anew, whatever its stamps say.
ifneq ($(shell $(PY) -c 'print(1)' 2>/dev/null),1)
$(VENV)/.base: FORCE
endif
FORCE:

$(VENV)/.base: tools/setup.sh tools/apt.sh
	bash tools/setup.sh $(VENV)
	touch $@

$(VENV)/.package: $(VENV)/.base pyproject.toml $(SOURCES)
	$(PIP) $$($(PY) tools/build_requires.py) cmake ninja
	$(PIP) --no-build-isolation ".[report]"
	touch $@

# Leaves no stamp, and says why, where there is no R: its tests are then skipped.
$(VENV)/.r: $(VENV)/.package tools/setup_r.sh tools/apt.sh $(shell find r-wrapper -type f)
	bash tools/setup_r.sh $(VENV)

$(VENV)/.test $(VENV)/.lint $(VENV)/.bench $(VENV)/.docs: $(VENV)/.%: $(VENV)/.base pyproject.toml
	$(PIP) --group $*
	touch $@
