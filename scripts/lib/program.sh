# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Builds the service as it is installed, without tests and sanitizers, to run
# it from here. Needs message.sh and packages.sh.

: "${project_root:?}"

PROGRAM_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libcurl4-openssl-dev libeconf-dev libjson-c-dev
    libsystemd-dev)
# shellcheck disable=SC2034 # for who sources this
PROGRAM=$project_root/build/run/src/daemon/fairsliced
# shellcheck disable=SC2034 # likewise
CLIENT=$project_root/build/run/src/cli/fairslicectl

build_program() {
    local build=$project_root/build/run
    require_packages "${PROGRAM_PACKAGES[@]}"
    [[ -e $build/build.ninja ]] ||
        run_quietly meson setup "$build" "$project_root" -Dtests=false
    run_quietly meson compile -C "$build"
}
