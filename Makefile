# Two-factor ATM. `make help` lists the targets.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
PY := $(VENV)/bin/python
DEBIAN := python3-venv python3-tk libgl1 libglib2.0-0 fonts-inter espeak-ng alsa-utils
DEBIAN_FLEET := postgresql
DEBIAN_HA := postgresql patroni python3-etcd etcd-server haproxy iproute2
DEBIAN_HARDWARE := swig gcc python3-dev libpcsclite-dev pcscd libccid
DEBIAN_CARD := pcscd vsmartcard-vpcd
DEBIAN_TPM := swtpm tpm2-tools libtss2-tcti-swtpm0
DEBIAN_WEBCAM := qemu-system-x86 busybox-static v4l-utils
DEBIAN_DEB := build-essential debhelper dh-virtualenv python3-venv python3-dev swig libpcsclite-dev fakeroot
DEBIAN_TEST_DEB := debootstrap systemd xvfb
DEBIAN_SCREEN := xvfb xauth xdotool strace
XVFB = xvfb-run -a -s "-screen 0 1920x1080x24"
# Tests often wait for a disk, a window or a process: four at once keep two cores busy, each with one thread.
SIDE_BY_SIDE = -n 4 --max-worker-restart 0 --dist loadgroup
LOCALE := kiosk/words/locale
SCREENS ?= demo-screens
DIST ?= dist
# The published network is fetched once, by the first target that wants it; NETWORK=bundled leaves it out.
PUBLISHED = $(if $(filter bundled,$(NETWORK)),not-fetched,$(VENV)/.network)

.PHONY: help kiosk demo docs-screens hardware network not-fetched fleet test test-quick test-long test-mutants test-train test-fleet test-card test-tpm \
	test-webcam test-fleet-ha deb test-deb bench bench-fleet lint format messages clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | column -t -s "$$(printf '\t')"

kiosk: $(VENV)/.kiosk $(PUBLISHED) ## set up what the kiosk needs and open the window
	@if $(PY) -c 'import tkinter; tkinter.Tk().destroy()' 2>/dev/null; then
		$(PY) gui.py $(ARGS)
	else
		echo "There is no display, so the demonstration is played instead; its pictures go to $(SCREENS)/."
		$(MAKE) --no-print-directory demo PUBLISHED=
	fi

demo: $(VENV)/.kiosk $(PUBLISHED) $(VENV)/.screen ## play the whole demonstration and save screenshots
	@$(XVFB) $(PY) -m kiosk.story --out $(SCREENS)

docs-screens: $(VENV)/.kiosk $(PUBLISHED) $(VENV)/.screen ## remake the pictures in docs/screens from the demonstration
	@told=$$(mktemp -d)
	trap 'rm -rf "$$told"' EXIT
	$(XVFB) $(PY) -m kiosk.story --out "$$told"
	$(PY) -m tools.docs_screens "$$told" docs/screens

hardware: $(VENV)/.hardware ## set up what some settings need beside the kiosk: receipt printers, dispensers, metrics, cards
	@echo "Ready; see docs/operations.md for the settings."

network: $(VENV)/.kiosk ## try again to fetch the published network (87 MB), which set-up tries once
	@rm -f $(VENV)/.network
	$(MAKE) --no-print-directory $(VENV)/.network

# The window's tests run in separate processes: one died silently after TensorFlow had run before it.
test: $(VENV)/.all $(PUBLISHED) $(VENV)/.screen ## run all tests, or those that ARGS names
	@export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
	if [ -n "$(ARGS)" ]; then
		$(PY) -m pytest $(SIDE_BY_SIDE) $(ARGS)
	else
		$(PY) -m pytest $(SIDE_BY_SIDE) --ignore tests/kiosk
		$(PY) -m pytest $(SIDE_BY_SIDE) tests/kiosk
	fi

test-quick: $(VENV)/.all ## run the tests that need no window, no real face and little time: while you work
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m pytest $(SIDE_BY_SIDE) --ignore tests/kiosk --ignore tests/crash \
		-m "not (gui or faces or early or long)" $(ARGS)

test-long: $(VENV)/.all $(PUBLISHED) $(VENV)/.screen ## run all tests with the long ones: some hours; goes on where it was stopped
	@LONG_TESTS=1 $(PY) -m pytest -m "long or not long" $(ARGS)

test-mutants: $(VENV)/.mutants ## mutate the important code and list the mutants that no test notices: some hours
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m tests.mutants $(ARGS)

test-train: $(VENV)/.train ## run the tests of the training, which needs PyTorch
	@$(PY) -m pytest tests/face_auth/training $(ARGS)

test-fleet: $(VENV)/.all $(VENV)/.fleet ## run the tests of the bank's service on a temporary PostgreSQL server
	@$(call debian,$(DEBIAN_FLEET))
	$(PY) -m pytest tests/fleet $(ARGS)

test-card: $(VENV)/.all $(VENV)/.hardware ## run the tests of cards through pcscd, with a card and readers in software (root)
	@$(call debian,$(DEBIAN_CARD))
	$(PY) -m pytest tests/card $(ARGS)

test-tpm: $(VENV)/.all ## run the tests of a key in a TPM, on a TPM in software
	@$(call debian,$(DEBIAN_TPM))
	$(PY) -m pytest tests/tpm $(ARGS)

test-webcam: $(VENV)/.all ## run the capture code on Linux's webcam drivers, in a machine in software
	@$(call debian,$(DEBIAN_WEBCAM))
	$(PY) -m tests.webcam $(ARGS)

test-fleet-ha: $(VENV)/.all $(VENV)/.fleet ## run the failover test of three database servers while kiosks work (root, an hour)
	@$(call debian,$(DEBIAN_HA))
	$(PY) -m pytest -s tests/fleet_ha $(ARGS)

# In a copy of the source, whose change log for Debian is made of pyproject.toml's version.
deb: ## build the Debian package of the kiosk in dist/; VERSION=0.9.0 gives it another version
	@$(call debian,$(DEBIAN_DEB))
	version=$${VERSION:-$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)}
	built=$$(mktemp -d)
	trap 'rm -rf "$$built"' EXIT
	mkdir "$$built/source"
	git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$$built/source"
	cd "$$built/source"
	sed -i "s/^version = .*/version = \"$$version\"/" pyproject.toml
	printf 'two-factor-atm (%s) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' "$$version" \
		"$$(sed -n 's/^Maintainer: //p' debian/control)" "$$(date -R)" >debian/changelog
	dpkg-buildpackage -us -uc -b
	install -D -m 0644 -t "$(abspath $(DIST))" "$$built"/two-factor-atm_*.deb

test-deb: $(VENV)/.all ## build the package, install, upgrade and remove it in a bare Debian (root; minutes)
	@$(call debian,$(DEBIAN_DEB) $(DEBIAN_TEST_DEB))
	$(PY) -m pytest tests/deb $(ARGS)

fleet: $(VENV)/.all $(VENV)/.fleet ## run a whole bank: three PostgreSQL servers under Patroni, two services (root)
	@$(call debian,$(DEBIAN_HA))
	$(PY) -m benchmarks.fleet up

bench: $(VENV)/.all $(VENV)/.screen ## measure speed and memory, against a baseline (mtcnn + keras-facenet)
	@$(PY) -m benchmarks $(ARGS)

bench-fleet: $(VENV)/.all $(VENV)/.fleet ## measure the bank's service with up to 100,000 customers
	@$(call debian,$(DEBIAN_FLEET))
	$(PY) -m benchmarks.fleet $(ARGS)

lint: $(VENV)/.all $(VENV)/.fleet ## check style, types and the direction of imports
	@$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo --no-cache

format: $(VENV)/.all ## format all files
	@$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

messages: $(VENV)/.kiosk ## update and compile the window's translations; NEW=fr adds a language
	@words=$$(mktemp --suffix .pot)
	trap 'rm -f "$$words"' EXIT
	babel() { $(VENV)/bin/pybabel -q "$$@"; }
	babel extract --sort-output --add-location file --width 100 -c TRANSLATORS: -s -o "$$words" kiosk
	if [ -n "$(NEW)" ]; then babel init -i "$$words" -d $(LOCALE) -D kiosk -l $(NEW); fi
	babel update -N --ignore-obsolete --ignore-pot-creation-date --width 100 -i "$$words" -d $(LOCALE) -D kiosk
	babel compile -d $(LOCALE) -D kiosk

clean: ## remove the virtual environment and everything generated
	@rm -rf $(VENV) $(SCREENS) $(DIST) build *.egg-info report benchmarks/out mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis

# System packages are installed where that is allowed, else the exact line is printed.
define debian
missing=""
if command -v dpkg-query >/dev/null; then
	for package in $(1); do
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"
	done
fi
if [ -n "$$missing" ]; then
	if [ "$$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else
		echo "Please run: sudo apt-get install -y$$missing" >&2; exit 1
	fi
	$$sudo apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null
fi
endef

# The first Python of 3.11 to 3.13 that has Tk makes the virtual environment.
$(PY):
	@$(call debian,$(DEBIAN))
	for python in python3.13 python3.12 python3.11 python3; do
		if $$python -c 'import sys, tkinter, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
			$$python -m venv $(VENV)
			break
		fi
	done
	if [ ! -x $(PY) ]; then echo "Python 3.11, 3.12 or 3.13 with Tk is needed." >&2; exit 1; fi

$(VENV)/.kiosk: requirements-kiosk.txt | $(PY)
	@echo "Installing what the kiosk runs on ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-kiosk.txt
	touch $@

# No failure here ends set-up. What failed is not tried again at every start, but what was killed is.
$(VENV)/.network: models/published_skeleton.npz | $(VENV)/.kiosk
	@if $(PY) -m face_auth.models fetch vggface2 --set-up; then
		touch $@ 2>/dev/null || true
	else
		echo "Set-up goes on with the bundled network; the next set-up tries again."
	fi

not-fetched:
	@test -e models/vggface2.tflite || echo "Set-up goes on with the bundled network; fetch the published one later with: make network"

$(VENV)/.hardware: requirements-hardware.txt requirements-devices.txt requirements-kiosk.txt | $(PY)
	@$(call debian,$(DEBIAN_HARDWARE))
	echo "Installing what optional devices and services need ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-hardware.txt
	touch $@ $(VENV)/.kiosk

$(VENV)/.all: requirements.txt requirements-devices.txt requirements-kiosk.txt | $(PY)
	@echo "Installing the whole list ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@ $(VENV)/.kiosk

$(VENV)/.mutants: requirements-mutants.txt requirements.txt requirements-kiosk.txt | $(PY)
	@echo "Installing what mutation testing needs ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-mutants.txt
	touch $@ $(VENV)/.all $(VENV)/.kiosk

$(VENV)/.train: requirements-train.txt requirements.txt requirements-kiosk.txt | $(PY)
	@echo "Installing what training needs ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-train.txt
	touch $@ $(VENV)/.all $(VENV)/.kiosk

$(VENV)/.fleet: requirements-fleet.txt requirements-kiosk.txt | $(PY)
	@echo "Installing what the service runs on ..."
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-fleet.txt
	touch $@

$(VENV)/.screen: | $(PY)
	@$(call debian,$(DEBIAN_SCREEN))
	touch $@
