# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Makes Debian trees of any release with mmdebstrap. Needs message.sh and packages.sh.

# package_list FILE RELEASE - the packages that FILE names for RELEASE, comma-separated.
# A line is: PACKAGE, or PACKAGE [RELEASE] for one release only, or
# PACKAGE [!RELEASE] for all others; # starts a comment.
package_list() {
    local release=$2 package condition _
    while read -r package condition _; do
        case $package in ''|'#'*) continue ;; esac
        case $condition in
            ''|'#'*|"[$release]") ;;
            "[!$release]") continue ;;
            '[!'*) ;;
            *) continue ;;
        esac
        printf '%s\n' "$package"
    done <"$1" | paste -sd ,
}

# The archive that this host's own apt uses for Debian, or nothing where it
# uses none (mmdebstrap then takes its default). Labels are known only after an
# `apt-get update`, hence the second, looser look at the address.
debian_mirror() {
    command -v apt-get >/dev/null || return 0
    # shellcheck disable=SC2016 # apt-get expands these
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(LABEL)' 2>/dev/null |
        awk '$2 == "main" && $3 == "Debian" { labelled = $1 }
             $2 == "main" && $1 ~ /\/debian\/?$/ { addressed = $1 }
             END { print labelled ? labelled : addressed }'
}

# make_debian_tree RELEASE PACKAGES TARGET OPTION... - TARGET must be empty or absent
make_debian_tree() {
    local release=$1 packages=$2 target=$3; shift 3
    local mirror
    (( EUID == 0 )) || die "only root can make a Debian tree"
    require_packages mmdebstrap debian-archive-keyring
    mirror=$(debian_mirror)
    run_quietly mmdebstrap --mode=root --variant=apt --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --aptopt='Acquire::Languages "none"' \
        "$@" "$release" "$target" ${mirror:+"$mirror"}
}
