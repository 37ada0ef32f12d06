# Two commands matter: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# Tests mostly wait for servers, so more of them run at once than there are cores; all workers share one Kafka and one Redis.
WORKERS ?= 5
INPUTS ?= 1000000
FAULTS ?= 120
SEED ?= 7
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test lint unit chaos fuzz docs clean

help: ## Show this help
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

$(BIN)/eddyline: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Eddyline needs Python 3.11 or newer; set PYTHON=..." >&2; exit 2; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Eddyline into $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(BIN)/eddyline
	@echo "Installing what the tests need ..."
	@$(PIP) -e '.[dev]'
	@touch $@

demo: $(BIN)/eddyline ## The whole product on a simulated shop: segments form, customers move, with reasons
	@$(BIN)/eddyline demo

lint: $(VENV)/.dev ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/.dev ## All tests; real Kafka and Redis are found or started
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test: lint unit ## Everything that must hold

fuzz: $(VENV)/.dev ## A million inputs that are nearly right, through decoding and the fold; prints its seed
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) --seed $(SEED)

chaos: $(VENV)/.dev ## Nothing lost, nothing doubled: a long campaign of faults ; some 20 minutes
	$(BIN)/python -m tests.chaos --seed $(SEED) --faults $(FAULTS)

docs: $(VENV)/.dev ## Write docs/schemas and docs/asyncapi.json anew
	$(BIN)/python -m eddyline.contract

clean: ## Remove what was built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
