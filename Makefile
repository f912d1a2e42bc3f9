# Two commands for a fresh machine: `make train` and `make test`. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup train test check bench bench-quick bench-legacy bench-trackers bench-serving-peers mlflow-env torture torture-workers docs lock clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY) ## a virtual environment with everything, at the locked versions

train: $(READY) ## train the iris example, evaluate and export it
	$(BIN)/mlrun train --model examples/keras_iris.py

# An empty variable allows .pyc files: hundreds of processes would each compile our code again.
test: $(READY) ## the whole test suite
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

check: $(READY) ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY) ## the benchmarks: ratios against a peer measured in the same run (half an hour)
	$(BIN)/python -m benchmarks

bench-quick: $(READY) ## some of them, in five minutes
	$(BIN)/python -m benchmarks --quick

bench-legacy: ## tf.estimator 2.15 in an environment of its own, as a peer in `make bench`
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] > (3, 11) and \
		"TensorFlow 2.15 needs Python 3.9 to 3.11: make bench-legacy PYTHON=python3.11")'
	$(PYTHON) -m venv .venv-legacy
	.venv-legacy/bin/pip install --quiet 'tensorflow==2.15.1'

bench-trackers: .venv-mlflow/.ready ## Guild AI and MLflow, as peers in `make bench`
	$(PYTHON) -m venv .venv-guild
	.venv-guild/bin/pip install --quiet --disable-pip-version-check guildai

bench-serving-peers: .venv-mlflow/.ready ## MLServer and MLflow's server, as peers in `make bench`
	$(PYTHON) -m venv .venv-serving
	.venv-serving/bin/pip install --quiet --disable-pip-version-check 'mlserver>=1.7,<2'

mlflow-env: .venv-mlflow/.ready ## an MLflow server in an environment of its own, for its tests

.venv-mlflow/.ready:
	$(PYTHON) -m venv .venv-mlflow
	.venv-mlflow/bin/pip install --quiet --disable-pip-version-check 'mlflow>=3.10,<4'
	@touch $@

torture: $(READY) ## a hundred kills of real runs: nothing may be lost (a quarter of an hour)
	$(BIN)/python -m tests.reliability.kills --kills 100

torture-workers: $(READY) ## ten kills of workers of real runs of two processes (five minutes)
	$(BIN)/python -m tests.reliability.worker_kills --kills 10

docs: $(READY) ## write what --help says into docs/commands.md
	$(BIN)/python docs/update_commands.py

lock: $(READY) ## choose versions anew
	$(BIN)/pip install --quiet 'uv>=0.13,<0.14'
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-header --extra dev pyproject.toml --output-file requirements.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .venv-legacy .venv-mlflow .venv-guild .venv-serving build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@PYTHON='$(PYTHON)' sh ./setup.sh $(VENV)
	@touch $@
