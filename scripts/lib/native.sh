# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The native builds: build/ for use, build-asan/ and build-fuzz/ for tests.
# Sourced after common.sh.

# native_build NAME DIR TARGET MESON-OPTION...: TARGET is "all" or a target.
native_build() {
    local name=$1 dir=$2 target=$3 log=$IOV_BUILD/log
    shift 3
    mkdir -p "$log"
    if [ ! -e "$dir/build.ninja" ]; then
        run_step "configuring $name" "$log/${dir##*/}-configure.log" \
            meson setup "$dir" "$IOV_ROOT" "$@" || return
    fi
    run_step "building $name" "$log/${dir##*/}-build.log" \
        ninja -C "$dir" -j "$(iov_jobs)" "$target"
}
