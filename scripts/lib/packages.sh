# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Installs the Debian packages that a script needs: only those that are
# missing, and silently unless it goes wrong. Needs message.sh.

package_is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# missing_packages PACKAGE... - prints those that are not installed, one a line
missing_packages() {
    local package
    for package; do
        package_is_installed "$package" || printf '%s\n' "$package"
    done
}

# run_quietly COMMAND... - shows what the command said only if it fails
run_quietly() {
    local output status=0
    output=$("$@" 2>&1 </dev/null) || status=$?
    (( status == 0 )) || printf '%s\n' "$output" >&2
    return "$status"
}

# Another apt may be at work (unattended-upgrades, a second script), and
# `apt-get update` does not wait for its lock as `install` does.
update_package_lists() {
    local attempt
    for attempt in 1 2 3 4 5; do
        (( attempt == 1 )) || sleep 5
        if run_quietly apt-get -qq update; then
            return
        fi
    done
    return 1
}

# require_packages PACKAGE... - returns when all are installed, dies if they cannot be
require_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    (( ${#missing[@]} > 0 )) || return 0

    command -v apt-get >/dev/null || die "this needs: ${missing[*]} (and there is no apt here to install them)"
    (( EUID == 0 )) || die "not root, so first run: apt-get install --no-install-recommends ${missing[*]}"

    say "installing ${missing[*]}"
    update_package_lists || die "apt-get update failed"
    DEBIAN_FRONTEND=noninteractive run_quietly apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 install "${missing[@]}" || die "could not install ${missing[*]}"
}
