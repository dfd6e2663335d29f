# shellcheck shell=bash
# What every script of the test machine shares: where things are, how to speak,
# how to hold a lock. Sourced, never run.

# shellcheck disable=SC2034  # for those who source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${BUFTRACK_CACHE:-${XDG_CACHE_HOME:-~/.cache}/buftrack}
# What ends up where depends on no locale.
export LC_ALL=C

say() { echo "buftrack: $*" >&2; }
die() { say "$*"; exit 1; }

# lock NAME [WHAT]: holds the lock of that name until this process ends, so that of
# two runs that want one thing built the second finds it ready. The descriptor is
# LOCK_FD: what is left running in the background must close it.
lock() {
	mkdir -p "$CACHE/locks" || die "cannot write to the cache $CACHE: set BUFTRACK_CACHE to a directory that you own"
	exec {LOCK_FD}> "$CACHE/locks/$1"
	flock -n "$LOCK_FD" && return
	say "waiting for another run that has ${2:-$1} in its hands"
	flock "$LOCK_FD"
}

# fresh FILE MINUTES: FILE is there and was written less than that ago.
fresh() { [ -n "$(find "$1" -mmin "-$2" 2> /dev/null)" ]; }

# quietly LOG COMMAND...: shows what COMMAND had to say only if it fails.
quietly() {
	local log=$1
	shift
	"$@" > "$log" 2>&1 && return
	tail -n 60 "$log" >&2
	return 1
}
