# Two commands: `make run` opens the bank, `make test` proves it. `make help` lists the rest.
PYTHON ?= python3
PY := .venv/bin/python
BESIDE := $(PY) -m crm.embedded run --throwaway --
ONLY ?=
SRC ?=
export CUSTOMERS HOST PORT AS_OF SEED

.PHONY: help run test check bench soak real-bank lock clean messages new-bank setup setup-test

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: setup ## open the bank with its demo data: make run [CUSTOMERS=2000] [PORT=8000]
	@exec $(PY) -m crm.bank

test: setup-test ## the whole suite, on throwaway servers
	@exec $(PY) -m pytest $(ARGS)

check: setup-test ## style, templates, migrations, deployment settings
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { .venv/bin/ruff format --diff --quiet .; exit 1; }
	@find templates -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2 --check
	@$(BESIDE) $(PY) manage.py makemigrations --check --dry-run --verbosity 0
	@env -u DEBUG DATABASE_URL=postgresql://guanhu@localhost/guanhu REDIS_URL=redis://localhost \
	  SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') ALLOWED_HOSTS=crm.example \
	  $(PY) manage.py check --deploy --fail-level WARNING
	@echo "make check: nothing to mend"

bench: setup-test ## ratios against floors in the same run: make bench [ONLY=name]; writes var/bench.json
	@exec $(BESIDE) $(PY) -m bench $(ONLY)

new-bank: setup ## throw away the data in var/bank; the next `make run` begins anew
	@exec $(PY) -m crm.bank --discard

real-bank: setup ## load a real ledger: make real-bank SRC=../shared/data/berka; writes var/real-bank.json
	@test -n "$(SRC)" || { echo "guanhu: say where the ledger lies: make real-bank SRC=folder" >&2; exit 2; }
	@exec $(BESIDE) $(PY) examples/berka/real_bank.py "$(SRC)"

soak: setup-test ## kill and race tests at full size (hours): make soak [SOAK_SHARE=0.1] [SOAK_RESUME=1] [ARGS=tests/…]
	@exec $(PY) -m pytest -n 0 --capture=sys -m soak $(ARGS)

messages: setup-test ## gather and compile the translations (needs Debian's gettext)
	@$(PY) manage.py makemessages -l zh_Hans -i .venv -i node_modules -i var --no-location
	@$(PY) manage.py compilemessages -l zh_Hans

lock: ## compile requirements*.in again, with hashes and without any index address (needs uv)
	@for name in requirements requirements-dev; do \
	  uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 $$name.in -o $$name.txt; done

setup:
	@$(PYTHON) crm/bootstrap.py run

setup-test:
	@$(PYTHON) crm/bootstrap.py test

clean: ## remove .venv and the front-end files; var/bank (the data) stays
	@rm -rf .venv node_modules var/static
