# shellcheck shell=bash
# Shared by the static checks: TAP, and the places of sources and kernels. Sourced.
#
# A check plans its tests, runs them, and ends with `finish`. A test is a command
# that must succeed without output; its output is shown below its "not ok".

# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
cd "$ROOT" || exit 1

tap_planned=0 tap_made=0 tap_failed=0

plan() {
	tap_planned=$1
	echo "1..$1"
}

# expect_silence NAME COMMAND...
expect_silence() {
	local name=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	tap_made=$((tap_made + 1))
	if [ "$status" = 0 ] && [ -z "$output" ]; then
		echo "ok $tap_made - $name"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_made - $name"
	output=${output:-exit status $status}
	echo "# ${output//$'\n'/$'\n'# }"
}

finish() {
	[ "$tap_failed" = 0 ] && [ "$tap_made" = "$tap_planned" ]
	exit
}

# need COMMAND...: a check that cannot run has failed.
need() {
	local missing=() word
	for word; do
		command -v "$word" > /dev/null || missing+=("$word")
	done
	[ ${#missing[@]} = 0 ] && return
	echo "Bail out! not installed: ${missing[*]}"
	exit 1
}

# kernel NAME: the directory of a kernel to build against.
kernel() {
	"$ROOT/tests/vm/kernel" "$1" || { echo "Bail out! no kernel $1" && exit 1; }
}

# kernel_doc: the kernel's parser of kernel-doc comments, from its headers.
kernel_doc() {
	echo "$1"/usr/src/linux-headers-*-common/scripts/kernel-doc
}

# files NAME-PATTERN [DIRECTORY...]: source files of the project, without build
# results.
files() {
	local pattern=$1
	shift
	find "${@:-.}" \( -path ./build -o -path ./.git \) -prune -o -type f -name "$pattern" \
		! -name '*.mod.c' -print | sed 's|^\./||' | sort
}

# kernel_sources: all C that kbuild builds, and the uapi header.
kernel_sources() { files '*.[ch]' module uapi tests/kunit; }

# has_format FILE: whether a .clang-format above FILE applies to it.
has_format() {
	local dir=$1
	while [ "$dir" != . ]; do
		dir=$(dirname "$dir")
		[ -e "$dir/.clang-format" ] && return
	done
	return 1
}

# All C has one of two styles: the kernel's, or that of a .clang-format.
kernel_style() { files '*.[ch]' | while read -r file; do has_format "$file" || echo "$file"; done; }
formatted_style() { files '*.[ch]' | while read -r file; do has_format "$file" && echo "$file"; done; }

# linux_source: the source of Linux 6.12 that the cache holds for the debug kernels.
linux_source() {
	local found
	found=$(find "$CACHE/src" -maxdepth 1 -name 'linux-source-6.12_*' 2> /dev/null | sort -V | tail -n 1)
	[ -e "$found/scripts/checkpatch.pl" ] || {
		kernel debug-uml > /dev/null || return
		found=$("$ROOT/tests/vm/build-kernel" source "$("$ROOT/tests/vm/archive" version linux-source-6.12)") ||
			{ echo "Bail out! no source of Linux 6.12" && return 1; }
	}
	echo "$found"
}
