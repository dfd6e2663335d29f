# SPDX-License-Identifier: GPL-2.0
# buftrack: see `make help`

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^.define BUFTRACK_VERSION "\(.*\)"/\1/p' module/version.h)
BUILD := $(CURDIR)/build
# Where the module goes: kbuild puts it under $(INSTALL_MOD_PATH)/lib/modules.
INSTALL_MOD_PATH ?= $(DESTDIR)

all: modules tools

help:
	@echo 'On any Debian 12 machine; these two install what they need, and say what:'
	@echo '  make demo          from nothing to the table of a real job, in a virtual machine'
	@echo '  make check         every test, in virtual machines with three kernels'
	@echo
	@echo 'On a machine with the accelerator:'
	@echo '  make               the module for this kernel (or for KDIR=...) and the command'
	@echo '  make install       installs both (PREFIX=$(PREFIX), DESTDIR=)'
	@echo '  make dkms-install  leaves the module to DKMS, which builds it for every kernel'
	@echo
	@echo 'To work on it:'
	@echo '  make modules, make tools    one of the two'
	@echo '  make vm-shell      a shell in the virtual machine (KERNEL=stock-6.1|stock-6.12|debug-6.12)'
	@echo '  make bench         the benchmark table, and build/bench.json'
	@echo '  make clean         removes build/ (kernels stay in the cache, see tests/vm/kernel)'

modules:
	@tests/vm/build host '$(KDIR)' > /dev/null
	@echo 'built build/host/module/buftrack.ko'

tools:
	@tests/vm/build tools > /dev/null
	@echo 'built build/tools/buftrack'

# kbuild leaves depmod out where headers come without a System.map, as Debian's do.
install: all
	$(MAKE) -C '$(KDIR)' M='$(BUILD)/host' INSTALL_MOD_PATH='$(INSTALL_MOD_PATH)' modules_install
	[ -n '$(INSTALL_MOD_PATH)' ] || \
		depmod "$$(sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h')"
	$(MAKE) -C tools O='$(BUILD)/tools' PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' install

# DKMS wants a source directory of its own, with the version in its name.
DKMS_DIR = $(DESTDIR)/usr/src/buftrack-$(VERSION)
dkms-install:
	@command -v dkms > /dev/null || { echo 'dkms is missing: apt-get install dkms' >&2; exit 1; }
	dkms remove buftrack/$(VERSION) --all > /dev/null 2>&1 || true
	rm -rf '$(DKMS_DIR)'
	install -d '$(DKMS_DIR)'
	cp -r Kbuild module uapi '$(DKMS_DIR)/'
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf > '$(DKMS_DIR)/dkms.conf'
	dkms install buftrack/$(VERSION)

KERNEL ?= stock-6.12
vm-shell:
	@tests/setup
	@tests/vm/shell --kernel '$(KERNEL)'

demo:
	@tests/setup
	@tests/demo

check:
	@tests/setup
	@tests/check

bench:
	@tests/setup
	@tests/bench/run

clean:
	rm -rf build

.PHONY: all help modules tools install dkms-install vm-shell demo check bench clean
