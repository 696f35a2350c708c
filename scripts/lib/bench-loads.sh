# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Builds the programs that users run in the benchmark. Needs message.sh and
# packages.sh.

: "${project_root:?}"

LOADS_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libcmocka-dev libcurl4-openssl-dev libeconf-dev
    libjson-c-dev libsystemd-dev)
# Statically linked, so a virtual machine of any release takes them.
LOADS=$project_root/build/bench/tests/bench/loads

build_loads() {
    local build=$project_root/build/bench
    require_packages "${LOADS_PACKAGES[@]}"
    [[ -e $build/build.ninja ]] || run_quietly meson setup "$build" "$project_root" -Dbuildtype=release
    run_quietly ninja -C "$build" bench-loads
    # Without the objects of the compiler
    rm -rf "$LOADS/programs"
    mkdir "$LOADS/programs"
    find "$LOADS" -maxdepth 1 -type f -executable -name 'load-*' -exec cp -t "$LOADS/programs" {} +
    LOADS=$LOADS/programs
}
