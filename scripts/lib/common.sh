# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every script here shares: where things are, and how to talk to the
# person in front of it.  Sourced, never run.  Exit status 2 is for what the
# user can put right (a missing package, a wrong option), 1 for a failure.

IOV_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
IOV_CACHE=${IOVLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iovlab}
IOV_BUILD=$IOV_ROOT/build
export IOV_ROOT IOV_CACHE IOV_BUILD

say() { printf 'iovlab: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
refuse() { say "$*"; exit 2; }

# The seconds that a step may take before the next sign of life.
IOV_BEAT=${IOV_BEAT:-10}

# The number of jobs for compilers: as many as this process may use CPUs.
iov_jobs() { echo "${IOVLAB_JOBS:-$(nproc)}"; }

# Prints where a running step is: ninja's [12/345] if its log has one.
step_place() {
    tail -c 4096 "$1" 2>/dev/null | tr '\r' '\n' |
        sed -n 's/^\[\([0-9]*\/[0-9]*\)\].*/\1/p' | tail -n 1
}

# run_step LABEL LOG COMMAND...: runs COMMAND with its output in LOG, shows
# progress (one line that changes on a terminal, else a line now and then), and
# on failure shows the end of the log and returns the command's status.
run_step() {
    local label=$1 log=$2 start=$SECONDS next pid status place
    shift 2
    mkdir -p "$(dirname "$log")"
    : > "$log"
    # Job control gives the step a process group of its own, so that an
    # interrupt ends all of it.
    set -m
    "$@" >> "$log" 2>&1 < /dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2064
    trap "kill -- -$pid 2>/dev/null; exit 130" INT TERM
    next=$IOV_BEAT
    while kill -0 "$pid" 2>/dev/null; do
        if [ -t 2 ]; then
            place=$(step_place "$log")
            printf '\r\033[Kiovlab: %s %s (%d s)' "$label" "$place" \
                   $((SECONDS - start)) >&2
        elif [ $((SECONDS - start)) -ge "$next" ]; then
            place=$(step_place "$log")
            say "$label ${place:+$place }($((SECONDS - start)) s)"
            next=$((next + IOV_BEAT))
        fi
        sleep 0.2
    done
    status=0
    wait "$pid" || status=$?
    trap - INT TERM
    [ ! -t 2 ] || printf '\r\033[K' >&2
    if [ "$status" -ne 0 ]; then
        say "$label failed; from $log:"
        # A compiler's first complaint, or else the last lines.
        { grep -m 1 -A 30 '^FAILED:' "$log" || tail -n 25 "$log"; } |
            sed 's/^/    /' >&2
        return "$status"
    fi
    if [ $((SECONDS - start)) -ge 2 ]; then
        say "$label: done in $((SECONDS - start)) s"
    fi
}

# True if version $1 is at least $2.
version_at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# The project's version, as the native build knows it.
iov_version() {
    sed -n "s/^ *version: '\([^']*\)'.*/\1/p" "$IOV_ROOT/meson.build" |
        head -n 1
}
