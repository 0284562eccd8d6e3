# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian packages (12 and 13) that each job needs, and how they are installed.
# Sourced after common.sh.

packages_of() {
    case $1 in
    # The native build: models, command, unit tests.
    native) echo "gcc libc6-dev meson ninja-build pkg-config python3
                  libglib2.0-dev libjson-glib-dev nettle-dev" ;;
    # QEMU from source.
    qemu) echo "gcc libc6-dev make meson ninja-build pkg-config python3
                python3-venv flex bison patch dpkg-dev xz-utils ccache
                libglib2.0-dev libpixman-1-dev libfdt-dev libslirp-dev nettle-dev
                debian-archive-keyring ca-certificates" ;;
    # ROMs that a running QEMU loads.
    run) echo "seabios qemu-system-data ipxe-qemu libpixman-1-0 libslirp0" ;;
    # Guest images.
    guest) echo "python3 xz-utils zstd lz4 dpkg-dev ipxe
                 debian-archive-keyring ca-certificates" ;;
    fuzz) echo "clang llvm libclang-rt-dev" ;;
    check) echo "git python3 shellcheck pyflakes3" ;;
    *) fail "no package group named $1" ;;
    esac
}

# Prints those of the packages named that are not installed.
packages_missing() {
    local installed name
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@" \
                  2>/dev/null || true)"
    for name in "$@"; do
        case $installed in *" installed=$name "*) ;; *) echo "$name" ;; esac
    done
}

apt_install() {
    local run=$1
    shift
    # A fresh container has no package lists; an old machine has stale ones.
    if ! $run env DEBIAN_FRONTEND=noninteractive apt-get install -y \
         --no-install-recommends "$@"; then
        $run apt-get update || return
        $run env DEBIAN_FRONTEND=noninteractive apt-get install -y \
             --no-install-recommends "$@"
    fi
}

# need_packages GROUP...: installs what is missing, or says how to.
need_packages() {
    local group run names=() missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null
    then
        refuse "this is not Debian: see docs/building.md for what is needed"
    fi
    for group in "$@"; do
        read -r -d '' -a names <<< "${names[*]} $(packages_of "$group")" ||
            true
    done
    mapfile -t missing < <(packages_missing "${names[@]}" | sort -u)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ]; then
        run=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        run='sudo -n'
    else
        refuse "please install what is missing:" \
            "apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing Debian packages: ${missing[*]}"
    run_step "installing ${#missing[@]} packages" "$IOV_CACHE/log/packages.log" \
        apt_install "$run" "${missing[@]}" ||
        refuse "could not install the packages; try by hand:" \
            "apt-get install --no-install-recommends ${missing[*]}"
}
