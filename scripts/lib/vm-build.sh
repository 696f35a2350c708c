# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Builds the project for another Debian release, in a chroot of that release.
# Needs debian-tree.sh, packages.sh and cache.sh.

: "${project_root:?}"

# vm_chroot RELEASE - prints the root directory of the build chroot
vm_chroot() {
    local release=$1 packages=$project_root/tests/vm/chroot/packages hash entry
    hash=$(recipe_hash "$packages" "$project_root/scripts/lib/debian-tree.sh" "$(declare -f make_build_chroot)")
    entry=$(cached "chroot-$release" "$hash" make_build_chroot "$release" "$packages")
    printf '%s\n' "$entry/tree"
}

make_build_chroot() {
    local release=$1 packages=$2 target=$3
    make_debian_tree "$release" "$(package_list "$packages" "$release")" "$target/tree"
    mkdir "$target/tree/fairslice"
}

# vm_build RELEASE TAR [SUITE] - builds, runs the tests of SUITE, and packs what was installed into TAR
vm_build() {
    local release=$1 tar=$2 suite=${3:-} tree work
    require_packages git
    tree=$(vm_chroot "$release")
    work=$(build_directory "$release" "$tree")
    mkdir -p "$work"
    touch "$work"
    remove_unused_entries "build-$release" "$work"
    build_in_chroot "$tree" "$work" "$suite"
    mkdir -p "$(dirname "$tar")"
    tar -C "$work/installed" --sort=name --owner=0 --group=0 -cf "$tar" .
}

# One for each source tree, release and set of build packages; kept, so builds are incremental.
build_directory() {
    local release=$1 tree=$2 hash
    hash=$(printf '%s\n' "$project_root" "$tree" | sha256sum | cut -c 1-16)
    printf '%s/build-%s-%s\n' "$(cache_root)" "$release" "$hash"
}

build_in_chroot() (
    local tree=$1 work=$2 suite=$3
    exec {lock}>"$work/lock"
    flock "$lock"
    copy_source "$work/source"
    rm -rf "$work/installed"
    run_in_chroot "$tree" "$work" /fairslice/source/tests/vm/chroot/build "$suite"
)

# run_in_chroot TREE WORK COMMAND... - with WORK as /fairslice
run_in_chroot() {
    local tree=$1 work=$2; shift 2
    # shellcheck disable=SC2016 # the inner shell expands these
    unshare --mount --fork bash -euc '
        mount --make-rprivate /
        mount --bind "$2" "$1/fairslice"
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${@:3}"
    ' -- "$tree" "$work" "$@"
}

# Times of change are kept, so that only what changed is compiled again.
copy_source() {
    local target=$1
    rm -rf "$target"
    mkdir "$target"
    source_files | tar -C "$project_root" --null --files-from - -c | tar -C "$target" -x
}

# All that git would commit, whether or not it was; NUL between the names
source_files() {
    local file
    git -C "$project_root" -c safe.directory="$project_root" \
        ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do
            [[ ! -e $project_root/$file && ! -L $project_root/$file ]] || printf '%s\0' "$file"
        done
}
