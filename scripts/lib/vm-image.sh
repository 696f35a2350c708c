# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The virtual machine's disk, kernel and initrd, made from tests/vm/image.
# Needs debian-tree.sh and cache.sh.

: "${project_root:?}"

# The disk's file system is this large; the file is sparse.
VM_DISK_SIZE=3G

# vm_image RELEASE - prints a directory that holds disk.ext4, vmlinuz and initrd.img
vm_image() {
    local release=$1 recipe=$project_root/tests/vm/image hash
    require_packages e2fsprogs
    hash=$(recipe_hash "$recipe" "$project_root/scripts/lib/debian-tree.sh" \
        "$(declare -f make_vm_image)" "$VM_DISK_SIZE")
    cached "image-$release" "$hash" make_vm_image "$release" "$recipe"
}

make_vm_image() {
    local release=$1 recipe=$2 target=$3
    local tree=$target/tree
    make_debian_tree "$release" "$(package_list "$recipe/packages" "$release")" "$tree" \
        --essential-hook="cp -R '$recipe/files/.' \"\$1\"" \
        --customize-hook="'$recipe/configure' \"\$1\""
    cp --dereference "$tree"/vmlinuz "$tree"/initrd.img "$target"
    run_quietly mkfs.ext4 -q -L fairslice-vm -O '^has_journal' -d "$tree" "$target/disk.ext4" "$VM_DISK_SIZE"
    rm -rf --one-file-system "$tree"
}
