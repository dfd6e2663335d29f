# SPDX-License-Identifier: GPL-2.0
# buftrack: see `make help`

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=
VERSION := $(shell sed -n 's/^.define BUFTRACK_VERSION "\(.*\)"/\1/p' module/version.h)
BUILD := $(CURDIR)/build
# kbuild installs the module under $(INSTALL_MOD_PATH)/lib/modules.
INSTALL_MOD_PATH ?= $(DESTDIR)
DEPMOD ?= depmod
# `su` keeps the directory of depmod out of PATH.
export PATH := $(PATH):/usr/sbin:/sbin

all: modules tools

help:
	@echo 'On any Debian 12 machine; these two install the packages they need, and name them:'
	@echo '  make demo            from nothing to the report of a real job, in a virtual machine'
	@echo '  make check           all tests, in virtual machines with four kernels'
	@echo
	@echo 'On a machine with the accelerator:'
	@echo '  make                 build the module for this kernel (or for KDIR=...) and the tools'
	@echo '  make install         install both (PREFIX=$(PREFIX), DESTDIR=)'
	@echo '  make dkms-install    install the module with DKMS, which rebuilds it for each kernel;'
	@echo '                       it replaces the module of `make install`'
	@echo '  make dkms-uninstall  remove the module that DKMS has installed'
	@echo '  make install-tools   install the tools alone, to go with `make dkms-install`'
	@echo
	@echo 'To work on it:'
	@echo '  make modules, make tools    build one of the two'
	@echo '  make vm-shell        a shell in the virtual machine (KERNEL=stock-6.1|stock-6.12|debug-6.12)'
	@echo '  make check-kernels   build, load and try the module on Debian kernels from 5.10 to 7.3, and on arm64'
	@echo '  make check-runtimes  run programs on versions of tt-metal'"'"'s runtime from 0.68.0 to 0.81.1'
	@echo '  make fuzz            random events for the tracker core, for MINUTES=$(MINUTES) minutes'
	@echo '  make bench           the table of benchmarks, and build/bench.json'
	@echo '  make clean           remove what was built (kernels stay in the cache, see tests/vm/kernel)'

modules:
	@[ -e '$(KDIR)/Makefile' ] || { echo 'no kernel headers at $(KDIR): apt-get install' \
		"linux-headers-$$(uname -r), or name those to build for with KDIR=..." >&2; exit 1; }
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

tools:
	$(MAKE) -C tools O='$(BUILD)/tools' PREFIX='$(PREFIX)'

# Before installing anything, build everything and check the prerequisites.
install: install-ready all
	$(MAKE) install-module install-tools

# With DESTDIR, the packager runs depmod and excludes DKMS.
install-ready:
	@[ -n '$(INSTALL_MOD_PATH)' ] || command -v '$(DEPMOD)' > /dev/null || \
		{ echo '$(DEPMOD) is missing: apt-get install kmod' >&2; exit 1; }
	@[ -n '$(INSTALL_MOD_PATH)' ] || ! command -v dkms > /dev/null || [ -z "$$(dkms status -m buftrack)" ] || \
		{ echo 'DKMS has installed the module: make dkms-uninstall first, or keep it and' \
			'run make install-tools' >&2; exit 1; }

# Kernel packages set CONFIG_MODULE_SIG_ALL, and do not ship the key.
SIG_KEY := $(shell sed -n 's/^CONFIG_MODULE_SIG_KEY="*\([^"]*\)"*$$/\1/p' '$(KDIR)/include/config/auto.conf' 2> /dev/null)
NO_KEY = $(if $(filter pkcs11:%,$(SIG_KEY))$(wildcard $(SIG_KEY) $(KDIR)/$(SIG_KEY)),,CONFIG_MODULE_SIG_ALL=)

# kbuild skips depmod if the headers lack System.map, as Debian's do.
install-module: modules
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' INSTALL_MOD_PATH='$(INSTALL_MOD_PATH)' \
		INSTALL_MOD_DIR=updates $(NO_KEY) modules_install
	[ -n '$(INSTALL_MOD_PATH)' ] || \
		'$(DEPMOD)' "$$(sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h')"
	install -D -m 644 module/include/linux/buftrack_driver.h \
		'$(DESTDIR)$(INCLUDEDIR)/linux/buftrack_driver.h'

install-tools: tools
	$(MAKE) -C tools O='$(BUILD)/tools' PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' install

# DKMS builds from a source directory of its own, named after the version.
DKMS_DIR = $(DESTDIR)/usr/src/buftrack-$(VERSION)
dkms-source:
	rm -rf '$(DKMS_DIR)'
	install -d '$(DKMS_DIR)'
	find Kbuild module uapi \( -name '*.[ch]' -o -name Kbuild \) ! -name '*.mod.c' \
		-exec cp --parents -t '$(DKMS_DIR)' {} +
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf > '$(DKMS_DIR)/dkms.conf'

# DKMS refuses to install while the module of `make install` is there.
ifneq ($(DESTDIR),)
dkms-install: dkms-source
else
dkms-install: dkms-uninstall dkms-source
	rm -f /lib/modules/*/updates/module/buftrack.ko*
	dkms install buftrack/$(VERSION)
endif

dkms-uninstall:
	@command -v dkms > /dev/null || { echo 'dkms is missing: apt-get install dkms' >&2; exit 1; }
	@dkms status -m buftrack | sed -n 's|^buftrack[/,] *\([^,:]*\).*|\1|p' | sort -u | \
		while read -r version; do dkms remove "buftrack/$$version" --all || exit; done

KERNEL ?= stock-6.12
MINUTES ?= 10
vm-shell:
	@tests/setup
	@tests/vm/shell --kernel '$(KERNEL)'

demo:
	@tests/setup
	@tests/demo

check:
	@tests/setup
	@tests/check

check-kernels:
	@tests/setup arm64
	@tests/check-kernels

check-runtimes:
	@tests/setup
	@tests/check-runtimes

bench:
	@tests/setup
	@tests/bench/run

fuzz:
	@tests/setup
	@tests/fuzz/run --minutes '$(MINUTES)'

# kbuild leaves its objects beside the sources, and removes them.
clean:
	rm -rf build
	[ ! -e '$(KDIR)/Makefile' ] || $(MAKE) -C '$(KDIR)' M='$(CURDIR)' clean

.PHONY: all help modules tools install install-tools dkms-install dkms-uninstall vm-shell demo \
	check check-kernels check-runtimes bench fuzz clean
# Internal targets
.PHONY: install-ready install-module dkms-source
