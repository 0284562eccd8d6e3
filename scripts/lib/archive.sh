# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The Debian archive, read without touching the machine's own apt: lists, state
# and downloads live in the cache.  The archive's address comes from the
# machine's sources; signatures are checked with Debian's keyring.
# Sourced after common.sh.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# apt-get with the private directories named $1 and the arguments after it.
# Those of "machine" are read with the machine's own sources, the others with
# a sources.list of theirs, for amd64 (what guests run), whatever this is.
private_apt() {
    local dir=$IOV_CACHE/apt/$1 name=$1 options
    shift
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/state"
    options=(-o "Dir::State=$dir/state" -o "Dir::State::Lists=$dir/lists"
             -o Dir::State::status=/var/lib/dpkg/status
             -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root
             -o APT::Default-Release= -o Acquire::Languages=none
             -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
    if [ "$name" != machine ]; then
        options+=(-o APT::Architecture=amd64 -o APT::Architectures::=amd64
                  -o "Dir::Etc::SourceList=$dir/sources.list"
                  -o Dir::Etc::SourceParts=/dev/null
                  -o Dir::Etc::Preferences=/dev/null
                  -o Dir::Etc::PreferencesParts=/dev/null)
    fi
    apt-get "${options[@]}" "$@"
}

debian_targets() {
    # shellcheck disable=SC2016
    "$@" indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null |
        sed -n 's/^Debian|Debian|//p' | head -n 1
}

# Prints the address of the Debian archive that this machine uses.
archive_address() {
    local uri
    uri=$(debian_targets apt-get)
    if [ -z "$uri" ]; then
        # The machine has no package lists (a fresh container): fetch our own.
        private_apt machine update >&2 || return
        uri=$(debian_targets private_apt machine)
    fi
    [ -n "$uri" ] || return 1
    echo "$uri"
}

# Fetches the lists of suite $1, of kind $2 (deb or deb-src), unless they are
# from today.
archive_update() {
    local suite=$1 kind=$2 dir=$IOV_CACHE/apt/$1-$2 uri
    if [ -e "$dir/updated" ] && [ -z "$(find "$dir/updated" -mtime +0)" ]; then
        return 0
    fi
    [ -r "$DEBIAN_KEYRING" ] || {
        echo "$DEBIAN_KEYRING is missing"
        return 1
    }
    uri=$(archive_address) || {
        echo "no Debian archive in this machine's apt sources"
        return 1
    }
    mkdir -p "$dir"
    printf '%s [signed-by=%s] %s %s main\n' \
        "$kind" "$DEBIAN_KEYRING" "$uri" "$suite" > "$dir/sources.list"
    private_apt "$suite-$kind" update --error-on=any && touch "$dir/updated"
}

# archive_source SUITE PACKAGE DIR: the source package's files, into DIR.
archive_source() {
    archive_update "$1" deb-src || return
    mkdir -p "$3"
    (cd "$3" && private_apt "$1-deb-src" source --download-only \
        --only-source "$2/$1")
}

# archive_package SUITE PACKAGE DIR: the amd64 (or "all") package, into DIR.
archive_package() {
    archive_update "$1" deb || return
    mkdir -p "$3"
    (cd "$3" && private_apt "$1-deb" download "$2/$1")
}

# archive_closure SUITE PACKAGE DIR: the package and all it depends on, whatever
# this machine has installed, into DIR.
archive_closure() {
    local dir=$3
    archive_update "$1" deb || return
    mkdir -p "$dir/partial"
    : > "$dir/status"
    # Paths are absolute: apt takes others as relative to its own.
    private_apt "$1-deb" install -y --download-only --no-install-recommends \
        -o Dir::State::status="$(realpath "$dir")/status" \
        -o Dir::Cache::archives="$(realpath "$dir")" "$2/$1"
}
