# Copyright: (c) 2026, The stateward.conntrack authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Needs python3 (3.10 or newer), make and git. Everything else goes into .venv.

PYTHON  ?= python3
PROFILE ?=
ARGS    ?=
BENCH   ?= 5

PLAYBOOK := ANSIBLE_CONFIG=$(CURDIR)/ansible.cfg .venv/run/bin/ansible-playbook --inventory inventories/localhost.yml
POLICY   := $(if $(PROFILE),--extra-vars conntrack_profile=$(PROFILE)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help harden plan test-lab test-kernels verify restore test lint bench bench-fleet pins tree clean need-root need-python

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  PROFILE=web_lb                     the kind of host, for harden, plan and verify"
	@echo "  ARGS='-e conntrack_max=300000'     anything that ansible-playbook (or nox, for test and lint) understands"
	@echo "  PYTHON=python3.12                  the Python to build .venv with"

harden: need-root .venv/run/ok tree ## size, harden and persist connection tracking on this host
	$(PLAYBOOK) stateward.conntrack.harden $(POLICY)

plan: need-root .venv/run/ok tree ## show what harden would do, and change nothing
	$(PLAYBOOK) stateward.conntrack.harden --check --diff $(POLICY)

verify: need-root .venv/run/ok tree ## fail if anything on this host differs from what harden would make of it
	$(PLAYBOOK) stateward.conntrack.verify $(POLICY)

restore: need-root .venv/run/ok tree ## take back everything that harden did on this host
	$(PLAYBOOK) stateward.conntrack.rollback $(ARGS)

test: .venv/test/ok tree ## run every gate; as root also those on real kernels, with their reboots
	$(PYTHON) tests/utils/run_gates.py .venv/test/bin/nox $(ARGS)

test-lab: need-root .venv/test/ok tree ## of these only the scenarios and the boot model in the lab; needs root
	$(PYTHON) tests/utils/run_gates.py .venv/test/bin/nox --tags lab $(ARGS)

test-kernels: need-root .venv/test/ok tree ## one playbook on more kernels and init systems, some under QEMU; slow, needs root
	.venv/test/bin/nox --tags kernels $(ARGS)

lint: .venv/test/ok tree ## run the quick gates only
	.venv/test/bin/nox --tags lint $(ARGS)

bench: need-root .venv/bench/ok tree ## compare with the usual playbook on this host, with nothing to change
	.venv/bench/bin/python bench/run.py --repeat $(BENCH)

bench-fleet: need-root .venv/bench/ok tree ## the same comparison over ssh on eight hosts of the lab; slow, needs root
	$(PYTHON) tests/lab/lab.py run -- .venv/bench/bin/python bench/fleet.py --repeat $(BENCH); \
	status=$$?; $(PYTHON) tests/lab/lab.py down; exit $$status

pins: .venv/pins/ok ## renew the exact versions in requirements/
	$(PYTHON) tools/make_pins.py .venv/pins/bin/uv

tree:
	@$(PYTHON) tools/make_tree.py

clean: ## remove what make and the gates left behind
	rm -rf .venv .tree .nox .cache .ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

need-root:
	@test "$$(id -u)" = 0 || { echo "make $(firstword $(MAKECMDGOALS)) needs root: run it as root, for example sudo make $(firstword $(MAKECMDGOALS))" >&2; exit 1; }

need-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	|| { echo "Python 3.10 or newer is needed, and $(PYTHON) is not: name another one, for example make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "$(PYTHON) cannot make virtual environments: install its venv module, on Debian and Ubuntu with apt-get install python3-venv" >&2; exit 1; }

# One environment for each file of pins; the stamp is written last, so an interrupted installation starts again.
.venv/%/ok: requirements/%.txt | need-python
	rm -rf .venv/$*
	$(PYTHON) -m venv .venv/$*
	.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
