# `make demo` builds and publishes a demo company's portals; `make test` runs lint, types and tests.
# Both set up everything they need in .venv first.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WEB := tests/web/node_modules/.ready
BENCH := build/bench-venv/.ready
PEERS := build/publish-venv/.ready
ELEVENTY := bench/peers/eleventy/node_modules/.ready
FUZZ := build/fuzz-venv/.ready
FUZZ_SECONDS ?= 60
CUSTOMERS ?= 100 1000 4000
RUNS ?= 3
LOCALE := portalgen/locale

.PHONY: demo test lint types bench bench-definitions bench-exports bench-layouts bench-northwind bench-publish bench-peers \
  bench-rebuild bench-watch fuzz pictures words lock clean

demo: $(READY)
	$(BIN)/portalgen demo build/demo

test: $(READY) $(WEB) lint types
	$(BIN)/pytest -n auto --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m bench.build

bench-definitions: $(READY)
	$(BIN)/python bench/definitions.py

# Against pandas, which nothing else needs: it gets a .venv of its own.
bench-exports: $(BENCH)
	build/bench-venv/bin/python bench/exports.py

# Against programs that publish folders, on a real S3 server: needs Debian's radosgw, ceph-mon, ceph-osd and ceph-common.
bench-publish: $(READY) $(PEERS)
	$(BIN)/python -m bench.publish --peers build/publish-venv
	$(BIN)/python -m bench.publish_whole

# Builds after an export: the same one, one that says the same, one with changes. More with --memory and --large.
bench-rebuild: $(READY)
	$(BIN)/python -m bench.rebuild

# From a file that is saved to a finished bundle, by `portalgen watch`.
bench-watch: $(READY)
	$(BIN)/python -m bench.watching

# What each value of `pages:` costs, for customers with few documents and with many.
bench-layouts: $(READY)
	$(BIN)/python -m bench.layouts
	$(BIN)/python -m bench.layouts --customers 10 --transactions 1000

# Northwind a thousand times over, its totals checked: needs its CSV files in ../shared/data/northwind.
bench-northwind: $(READY)
	$(BIN)/python -m bench.northwind

# Full builds beside Hugo and Eleventy, RUNS of each for each of CUSTOMERS; then the table and the picture. Needs npm, cc for
# what writing alone takes, and 14 GB of memory for 4,000 customers.
bench-peers: $(READY) $(PEERS) $(ELEVENTY)
	$(BIN)/python -m bench.peers --customers $(CUSTOMERS) --runs $(RUNS)
	$(BIN)/python -m bench.plot

# Looks for files that crash the importer, FUZZ_SECONDS for each format; Linux, Python 3.11 to 3.13.
fuzz: $(FUZZ)
	for target in csv xlsx json xml yaml packed sqlite parquet pdf; do \
	  build/fuzz-venv/bin/python tests/fuzz/fuzz.py $$target $(FUZZ_SECONDS) || exit 1; done

# The README's pictures, of the demo company; needs Chromium.
pictures: demo
	$(BIN)/python docs/pictures.py build/demo

# The words of the pages, into the template of all catalogues and from there into each. A header that says when, by whom
# and with what would change with every run.
words: $(READY)
	$(BIN)/pybabel -q extract -F pyproject.toml --header-comment "# The words of the pages." --no-location \
	  --sort-output --no-wrap -o $(LOCALE)/portalgen.pot .
	$(BIN)/pybabel -q update -D portalgen -i $(LOCALE)/portalgen.pot -d $(LOCALE) --no-fuzzy-matching \
	  --ignore-obsolete --no-wrap
	for file in $(LOCALE)/portalgen.pot $(LOCALE)/*/LC_MESSAGES/portalgen.po; do \
	  sed -E -i.old '/^"(POT?-.*-Date|Last-Translator|Language-Team|Report-.*-To|Project-.*|Generated-By): /d' $$file \
	  && rm $$file.old || exit 1; done

# Pinned versions with their hashes; needs uv (pip install uv).
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --quiet --group dev pyproject.toml -o requirements.lock
	echo pandas | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --quiet --constraint requirements.lock - -o bench/requirements.txt
	printf 'awscli\nhugo\nrclone-bin\ns5cmd\n' | uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet - -o bench/publish-requirements.txt

clean:
	rm -rf .venv build dist

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

$(BENCH): requirements.lock bench/requirements.txt pyproject.toml
	$(PYTHON) -m venv build/bench-venv
	build/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements.lock -r bench/requirements.txt
	build/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(BENCH)

$(PEERS): bench/publish-requirements.txt
	$(PYTHON) -m venv build/publish-venv
	build/publish-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r bench/publish-requirements.txt
	touch $(PEERS)

$(FUZZ): requirements.lock tests/fuzz/requirements.txt pyproject.toml
	$(PYTHON) -m venv build/fuzz-venv
	build/fuzz-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements.lock -r tests/fuzz/requirements.txt
	build/fuzz-venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(FUZZ)

$(ELEVENTY): bench/peers/eleventy/package-lock.json
	npm ci --prefix bench/peers/eleventy --ignore-scripts --no-audit --no-fund && touch $(ELEVENTY)

# What the tests of the pages check them with. Without npm those tests are skipped.
$(WEB): tests/web/package-lock.json
	if command -v npm >/dev/null; then npm ci --prefix tests/web --ignore-scripts --no-audit --no-fund && touch $(WEB); fi
