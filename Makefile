# `make` lists the targets. Everything made goes to .venv and _build.

PYTHON ?= python3.11
PROFILE ?= quick
PORT ?= 8000
TESTFLAGS ?=
BENCH ?= $(filter-out %_study %_papers lines golden,$(sort $(basename $(notdir $(wildcard bench/*.py)))))
BENCHFLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What pyradiomics must find installed when it is built.
BUILD_PINS := $(shell grep -E '^(pip|numpy|setuptools|wheel)==' requirements.lock)

.DEFAULT_GOAL := help
.PHONY: help book test bench slow study serve readme clean check

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1\t/' | expand -t 10

book: $(STAMP)  ## run the pages of PROFILE (quick) and build _build/html
	$(BIN)/ptclnm run --profile $(PROFILE)

test: $(STAMP)  ## check style, then run the tests on all cores; TESTFLAGS goes to pytest
	@case '$(TESTFLAGS)' in *'not browser'*) ;; *) .ci/chromium ;; esac
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n auto --dist loadfile $(TESTFLAGS)

bench: $(STAMP)  ## measure speed and memory, into _build/results/bench; BENCH=extraction for one
	@for name in $(BENCH); do \
	  test -f bench/$$name.py || { echo "There is no bench '$$name': see the folder bench." >&2; exit 2; }; \
	  if [ $$name = delong ]; then $(BIN)/python -m pip install -q --no-deps --upgrade \
	    --target _build/bench/packages MLstatkit==0.1.91 || exit; fi; \
	  echo "bench/$$name.py" && $(BIN)/python bench/$$name.py $(BENCHFLAGS) || exit; \
	done

slow: $(STAMP)  ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow $(TESTFLAGS)

study: $(STAMP)  ## judge the statistics and the audit by simulation, into _build/results/study
	$(BIN)/python bench/delong_study.py
	$(BIN)/python bench/audit_study.py
	$(BIN)/python -m pytest -m study $(TESTFLAGS)

serve:  ## show the built book at http://localhost:PORT (8000)
	@test -f _build/html/index.html || { echo "There is no book yet: run 'make book'." >&2; exit 1; }
	$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

readme: $(STAMP)  ## write the verdict table of README.md from the last run
	$(BIN)/ptclnm readme --profile $(PROFILE)

clean:  ## remove what was built, and the environment
	rm -rf _build $(VENV)

check:
	@.ci/check $(PYTHON)

$(STAMP): requirements.lock pyproject.toml
	@.ci/check $(PYTHON)
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q $(BUILD_PINS)
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps -r requirements.lock
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps --editable .
	@touch $@
