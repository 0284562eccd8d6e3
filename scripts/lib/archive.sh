# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The Debian archive, read without touching the machine's own apt: lists, state
# and downloads live in the cache.  The archive's address comes from the
# machine's sources; signatures are checked with Debian's keyring.
# Sourced after common.sh.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# apt-get with the private directories of suite $1 and the arguments after it.
# The lists of "machine" are read with the machine's own sources.
private_apt() {
    local dir=$IOV_CACHE/apt/$1 suite=$1 options
    shift
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/state"
    options=(-o "Dir::State=$dir/state" -o "Dir::State::Lists=$dir/lists"
             -o Dir::State::status=/var/lib/dpkg/status
             -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root
             -o APT::Default-Release= -o Acquire::Languages=none
             -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
    if [ "$suite" != machine ]; then
        options+=(-o "Dir::Etc::SourceList=$dir/sources.list"
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

# Fetches the lists of suite $1 (binary and source packages) unless they are
# from today.
archive_update() {
    local suite=$1 dir=$IOV_CACHE/apt/$1 uri
    if [ -e "$dir/updated" ] && [ -z "$(find "$dir/updated" -mtime +0)" ]; then
        return 0
    fi
    [ -r "$DEBIAN_KEYRING" ] || {
        echo "$DEBIAN_KEYRING is missing" >&2
        return 1
    }
    uri=$(archive_address) || {
        echo "no Debian archive in this machine's apt sources" >&2
        return 1
    }
    mkdir -p "$dir"
    printf '%s [signed-by=%s] %s %s main\n' \
        deb "$DEBIAN_KEYRING" "$uri" "$suite" \
        deb-src "$DEBIAN_KEYRING" "$uri" "$suite" > "$dir/sources.list"
    private_apt "$suite" update --error-on=any && touch "$dir/updated"
}

# archive_source SUITE PACKAGE DIR: the source package's files, into DIR.
archive_source() {
    local suite=$1 package=$2 dir=$3
    archive_update "$suite" || return
    mkdir -p "$dir"
    (cd "$dir" && private_apt "$suite" source --download-only \
        --only-source "$package/$suite")
}

# archive_package SUITE PACKAGE DIR: the binary package, into DIR.
archive_package() {
    local suite=$1 package=$2 dir=$3
    archive_update "$suite" || return
    mkdir -p "$dir"
    (cd "$dir" && private_apt "$suite" download "$package/$suite")
}
