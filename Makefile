# The commands of the project; `make help` lists them. A fresh machine needs Python 3.11 or later, make and gcc.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then echo $$name; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= data/demo
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help install assets demo test lint build lock docs conformance evaluate bench-endpoint bench-extraction bench-links bench-shapes bench-web screenshots clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# Locked and hashed dependencies, then the package itself from this folder, without asking for anything more.
$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later was not found; name one with make PYTHON=/path/to/python" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

install: $(VENV)/.installed ## virtual environment with the package and what it needs

# The drawing, the SPARQL editor and the charts of the pages: bundles of packages from the npm registry, versions locked.
# Without npm everything else works, and the pages say what is missing.
ASSETS := server/static/build/LICENCES.txt
$(ASSETS): server/web/package.json server/web/package-lock.json server/web/build.mjs $(wildcard server/web/src/*.js)
	@if command -v npm > /dev/null && cd server/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs; then :; \
	else echo "The pages come without graph drawing and without the SPARQL editor: npm is missing or failed (see above)." >&2; fi

assets: $(ASSETS) ## build the third-party parts of the pages (needs Node 18 or later with npm)
	@test -f $(ASSETS) || { echo "the assets of the pages were not built; install Node.js 18 or later with npm" >&2; exit 2; }

demo: $(VENV)/.installed $(ASSETS) ## load the sample articles, validate, serve on 127.0.0.1:8000 (NO_SERVE=1 stops before serving)
	$(BIN)/summitgraph load loaders/samples --store $(STORE)
	$(BIN)/summitgraph validate --store $(STORE)
	$(BIN)/summitgraph stats --store $(STORE)
	@echo
	@echo "A query to try, here or at http://127.0.0.1:$(PORT)/ :"
	@echo "  $(BIN)/summitgraph query --store $(STORE) 'SELECT ?summit ?chair { ?s sg:chairedBy ?p ; rdfs:label ?summit . ?p rdfs:label ?chair FILTER(lang(?chair) = \"en\") }'"
	@if [ -z "$(NO_SERVE)" ]; then exec $(BIN)/summitgraph serve --store $(STORE) --port $(PORT); fi

# Comunica, a client written by others, for the tests; without npm those that need it are skipped.
COMUNICA := tests/comunica/node_modules/.package-lock.json
$(COMUNICA): tests/comunica/package.json tests/comunica/package-lock.json
	@if command -v npm > /dev/null && npm ci --prefix tests/comunica --ignore-scripts --no-audit --no-fund --loglevel=error; then touch $@; \
	else echo "Comunica, which some tests use as a client, was not installed: npm is missing or failed (see above)." >&2; fi

test: $(VENV)/.installed-dev $(ASSETS) $(COMUNICA) ## everything the tests need, then the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

build: $(VENV)/.installed-dev assets ## wheel and source distribution in dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .

docs: $(VENV)/.installed ## the ontology's page, in three languages
	mkdir -p build
	$(BIN)/python -m summitgraph.ontology.docs build/ontology.html

evaluate: $(VENV)/.installed-dev ## score the development gold; writes docs/evaluation.md and what the tests hold the project to
	$(BIN)/python -m tests.gold.calibrate
	$(BIN)/python -m tests.gold.report

bench-extraction: $(VENV)/.installed-dev ## characters a second, by stage and by worker, and memory (CORPUS=path of mixed news)
	$(BIN)/python -m tests.benchmarks.extraction $(if $(CORPUS),--corpus $(CORPUS))

conformance: $(VENV)/.installed-dev ## run the W3C suites where they are at hand; writes docs/conformance.md
	$(BIN)/python -m tests.conformance.report docs/conformance.md

bench-web: $(VENV)/.installed-dev ## how fast pages, search and expansion are at 1 M triples; fails where a median is over its budget
	$(BIN)/python -m tests.benchmarks.web

screenshots: $(VENV)/.installed-dev $(ASSETS) ## the README's pictures, taken in Chromium from the sample articles
	$(BIN)/python -m tests.browser.screenshots docs/pictures

bench-endpoint: $(VENV)/.installed-dev ## the endpoint beside oxigraph serve, Virtuoso and rdflib-endpoint at 1 M triples; writes docs/benchmarks.md (needs wrk)
	test -x build/bench-peers/bin/oxigraph || { $(PYTHON) -m venv build/bench-peers && \
		build/bench-peers/bin/pip install --quiet 'oxigraph==0.5.13' 'rdflib-endpoint==0.6.3' oxrdflib uvicorn; }
	$(BIN)/python -m tests.benchmarks.endpoint

bench-links: $(VENV)/.installed-dev ## a million reference names, a Wikidata dump, and what linking costs in a load
	$(BIN)/python -m tests.benchmarks.links

bench-shapes: $(VENV)/.installed-dev ## what validation costs at 10 k, 100 k and 1 M triples, pySHACL beside it
	$(BIN)/python -m tests.benchmarks.shapes

lock: ## make the lock files again from pyproject.toml (brings uv by itself)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		pyproject.toml requirements-build.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--group dev --extra documents -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what the other commands made, data included
	rm -rf build dist data server/static/build tests/comunica/node_modules .mypy_cache .ruff_cache .pytest_cache *.egg-info
