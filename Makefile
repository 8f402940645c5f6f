# make run    install, fetch models, start the server, stream the demonstration (FILE=my.wav LANGUAGE=fr for your own)
# make test   the whole test suite, with real models
# make setup  what both build on: the environment and the models; starts nothing

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LANGUAGE ?= fr
FILE ?= clients/demo/consultation.fr.opus
ARGS ?=

.PHONY: setup run serve test style types layers check clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Colloque needs Python 3.11 to 3.13, this is {v[0]}.{v[1]}: run `make setup PYTHON=python3.12`")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Colloque and what it needs into $(VENV) (about two minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fetch]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(VENV)/.installed
	@$(BIN)/colloque models pull

run: setup
	@$(BIN)/colloque stream "$(FILE)" --language $(LANGUAGE) --realtime --consent verbal --keep $(ARGS)

serve: setup
	@$(BIN)/colloque serve $(ARGS)

test: setup $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: style types layers

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	@$(BIN)/python tests/namespace_view.py build/ns
	MYPYPATH=build/ns:. $(BIN)/mypy -p colloque.streaming -p colloque.models -p colloque.server -p colloque.clients -p benchmarks.recognition -p benchmarks.nothing_said
	$(BIN)/mypy tools/*.py

layers: $(VENV)/.installed-dev
	$(BIN)/lint-imports

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
