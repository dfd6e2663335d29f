# shellcheck shell=bash
# Shared by the scripts of the test machine: paths, messages and locks. Sourced, never run.

# shellcheck disable=SC2034  # used by scripts that source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${BUFTRACK_CACHE:-${XDG_CACHE_HOME:-~/.cache}/buftrack}
# File names and sort orders must not depend on the locale.
export LC_ALL=C

say() { echo "buftrack: $*" >&2; }
die() { say "$*"; exit 1; }

# architecture KERNEL: arm64, or this machine's. The names of kernels and of their
# directories start alike.
architecture() {
	case ${1##*/} in
	arm64-*) echo arm64 ;;
	*) echo amd64 ;;
	esac
}

# lock NAME [WHAT]: holds the lock of that name until this process ends, so of two
# runs that need the same build, the second finds it ready. The descriptor is
# LOCK_FD: background processes must close it.
lock() {
	mkdir -p "$CACHE/locks" || die "cannot write to the cache $CACHE: set BUFTRACK_CACHE to a directory that you own"
	exec {LOCK_FD}> "$CACHE/locks/$1"
	flock -n "$LOCK_FD" && return
	say "waiting for another run that holds ${2:-$1}"
	flock "$LOCK_FD"
}

# fresh FILE MINUTES: FILE exists and was written less than MINUTES ago.
fresh() { [ -n "$(find "$1" -mmin "-$2" 2> /dev/null)" ]; }

# quietly LOG COMMAND...: shows COMMAND's output only if it fails.
quietly() {
	local log=$1
	shift
	"$@" > "$log" 2>&1 && return
	tail -n 60 "$log" >&2
	return 1
}
