# Two commands matter: `make demo` and `make test`. Both set everything up first, on a machine that has only Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
# A package index that serves CPU builds of torch, for Linux users who do not want the CUDA packages, for example
#   make demo TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
TORCH_INDEX_URL ?=
OUT ?= out

BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_SERVICE := $(VENV)/.ready-service
READY_DEV := $(VENV)/.ready-dev
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
# What pip would compile on one core; some packages hold templates that are no Python.
COMPILE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null || true
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test check format models notebooks serve bench-quality bench-speed bench-http clean

demo: $(READY)
	$(BIN)/matchmaker demo -o $(OUT)/demo

# Compiled first: hundreds of processes import them, and not every environment lets Python keep what it compiles.
test: $(READY_DEV)
	$(BIN)/python -m compileall -q src service
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The bundle that git keeps (models/README.md); only its newest version stays.
models: $(READY)
	rm -rf models/sample
	$(BIN)/matchmaker build data/sample/partners.jsonl --relations data/sample/relations.csv -o models/sample

# The .ipynb of every notebook from its .py, without outputs.
notebooks: $(READY_DEV)
	$(BIN)/python notebooks/pair.py

serve: $(READY_SERVICE)
	$(BIN)/matchmaker serve

bench-speed: $(READY_DEV)
	$(BIN)/python -m benchmarks.speed

bench-http: $(READY_DEV)
	$(BIN)/python -m benchmarks.http

bench-quality: $(READY_DEV)
	$(BIN)/python -m benchmarks.quality --eval $(EVAL)

# torch comes first and pinned: an open range would bring the newest build with gigabytes of CUDA packages.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else 'Matchmaker needs Python 3.11 or newer; name one with PYTHON=...')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); this takes a few minutes the first time."
	@echo "1 of 3: $(TORCH), the largest part ..." >&2
	$(PIP) $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) $(TORCH)
	@echo "2 of 3: Matchmaker and the other packages ..." >&2
	$(PIP) -c constraints.txt -e .
	@echo "3 of 3: compiling ..." >&2
	$(COMPILE)
	touch $@

$(READY_SERVICE): $(READY)
	$(PIP) -c constraints.txt -e ".[service,mcp]"
	$(COMPILE)
	touch $@

$(READY_DEV): $(READY)
	$(PIP) -c constraints.txt -e ".[dev]"
	$(COMPILE)
	touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
