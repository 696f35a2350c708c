# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A cache of things that take minutes to make. Each is a directory, named after
# what it is and a hash of its recipe: a changed recipe makes a new one. It is
# built under a temporary name and renamed when complete, so a name that exists
# can be used without a lock. Needs message.sh.

CACHE_KEEP_DAYS=14

cache_root() {
    printf '%s\n' "${FAIRSLICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fairslice}"
}

# recipe_hash PATH|STRING... - files and trees count by their content, other arguments as they are
recipe_hash() {
    local ingredient
    for ingredient; do
        if [[ -e $ingredient ]]; then
            tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
                -C "$(dirname "$ingredient")" -c "$(basename "$ingredient")"
        else
            printf '%s\n' "$ingredient"
        fi
    done | sha256sum | cut -c 1-16
}

# cached NAME HASH BUILDER... - prints the directory NAME-HASH. If it does not
# exist yet, BUILDER is called with the temporary directory as one more argument.
cached() {
    local name=$1 hash=$2; shift 2
    local root entry
    root=$(cache_root)
    entry=$root/$name-$hash

    if [[ ! -d $entry ]]; then
        mkdir -p "$root"
        build_cache_entry "$name" "$entry" "$@"
    fi
    touch "$entry"
    printf '%s\n' "$entry"
}

# A subshell, so that the lock ends with it. What a killed builder left behind
# bears the same temporary name and is removed by the next.
build_cache_entry() (
    local name=$1 entry=$2; shift 2
    local temporary=$entry.new

    exec {lock}>"${entry%/*}/$name.lock"
    flock -n "$lock" || { say "waiting for another process that makes $name"; flock "$lock"; }
    [[ ! -d $entry ]] || return 0

    say "making ${entry##*/} (kept in ${entry%/*})"
    rm -rf --one-file-system "$temporary"
    mkdir "$temporary"
    "$@" "$temporary" >&2
    mv "$temporary" "$entry"
    remove_unused_entries "$name" "$entry"
)

# remove_unused_entries NAME ENTRY - the other NAME-* that nobody used for a while
remove_unused_entries() {
    find "${2%/*}" -mindepth 1 -maxdepth 1 -type d -name "$1-*" ! -path "$2" \
        -mtime "+$CACHE_KEEP_DAYS" -exec rm -rf --one-file-system {} +
}
