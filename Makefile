# `make` shows the targets. Everything installs into .venv from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8765

.PHONY: help install demo play-slack test bench servers check lock clean

help:
	@echo "make demo        install, read the sample documents, answer three questions"
	@echo "make play-slack  the bot in a Slack of this machine, in a browser (PORT=8765)"
	@echo "make test        install and run the tests (uses the servers it finds)"
	@echo "make servers     build the real servers the tests can use, once, outside the checkout"
	@echo "make check       format, lint, types, import contracts"
	@echo "make bench       print the numbers of docs/quality.md"
	@echo "make lock        pin the newest releases that are a week old"
	@echo "make clean       remove the environment and the data of the demo"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shirube needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "no venv module; on Debian: apt install python3-venv"; exit 1; }
	@echo "installing from requirements.lock into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install
	@$(BIN)/shirube demo

play-slack: install
	@$(BIN)/python -m tests.fakes.slack.play --port $(PORT)

test: install
	@$(BIN)/python -m pytest -n 2 --dist loadscope

bench: install
	@$(BIN)/python -m tests.bench

servers:
	@.ci/servers

check: install
	@.ci/run fmt lint types imports

# The clock of the week is the index's upload time. Needs uv (pip install uv).
lock:
	uv pip compile pyproject.toml --extra local --extra weaviate --extra postgres \
	  --group dev --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --exclude-newer "$$(date -d '-7 days' +%F)" \
	  --upgrade -q -o requirements.lock

clean:
	rm -rf $(VENV) .shirube
