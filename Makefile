# `make` alone lists the targets. The same without make: see README.md, "Without make".
COURSE := .venv/bin/course
PYTHON := .venv/bin/python
# A running private engine is exported to what a target starts; elsewhere this is empty.
ENGINE := eval "$$($(COURSE) env 2>/dev/null)";
NBVAL := -p tests.isolation --nbval --nbval-current-env --nbval-cell-timeout 120 --nbval-sanitize-with tests/notebooks/sanitize.cfg
# A real engine on a busy machine is not always in time: what fails is tried once more, and the summary shows it with
# its traceback. What fails twice fails, and so does what fails beside more than four others. Cells are not tried again.
AGAIN := --reruns 1 --max-suite-reruns 4 --rerun-show-tracebacks --rerun-exclude-path notebooks --rerun-exclude-path tests/gallery
PORT ?=
LAB_ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help install dev lab setup test test-v2 lint types verify notebooks bench engine engine-stop images clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install:
	@$(shell command -v python3 || echo python) checker/bootstrap.py

dev:
	@$(shell command -v python3 || echo python) checker/bootstrap.py --dev

lab: install ## everything from nothing, then JupyterLab on the start page (PORT=, LAB_ARGS=)
	@$(COURSE) lab $(if $(PORT),--port $(PORT)) $(if $(LAB_ARGS),-- $(LAB_ARGS))

setup: install ## all of `make lab` but the opening
	@$(COURSE) setup

test: dev engine ## everything that CI runs
	@$(COURSE) images pull busybox debian # first: two of the next line's steps stand on them
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=line images test-v2 lint types
	@$(ENGINE) $(COURSE) verify
	@$(ENGINE) $(PYTHON) -m pytest $(NBVAL) $(AGAIN) -n 3 tests notebooks

test-v2: dev engine ## grade in a sandbox on cgroup v2, in a machine that QEMU emulates
	@$(ENGINE) $(PYTHON) -m tests.v2

lint: dev
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(COURSE) build --check

types: dev
	@$(PYTHON) -m mypy

verify: dev engine ## the author's gate: starters fail, solutions pass, mutants are caught
	@$(ENGINE) $(COURSE) verify

notebooks: dev engine ## run the chapters and compare every output
	@$(ENGINE) $(PYTHON) -m pytest $(NBVAL) notebooks

bench: dev engine images ## print `name: value` lines
	@$(ENGINE) $(PYTHON) -m tests.bench

engine: install ## start the course's private engine, where no engine is reachable
	@$(COURSE) engine start

engine-stop: install ## stop the private engine, and only that
	@$(COURSE) engine stop

images: install ## get every image the course uses
	@$(COURSE) images pull

clean: ## remove .venv and caches; keep work/, progress and the engine
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache *.egg-info
