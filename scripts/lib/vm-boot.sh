# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Boots the virtual machine once: one disk carries in what to run, the second
# serial port carries out what is printed, another disk carries out what is
# worth keeping. Needs message.sh, packages.sh, machine-lock.sh and vm-image.sh.

: "${project_root:?}"

VM_CPUS=2
VM_MEMORY=${FAIRSLICE_VM_MEMORY:-1G}
VM_OUTPUT_DISK_SIZE=256M
# The guest stops by itself when its time is up, and this much later it is killed. Cases may have it booted again.
VM_GRACE=90

# vm_boot RELEASE SECONDS OUTPUT TAR PACKAGES PROGRAM ARGUMENT... - TAR is the
# tree of installed files, PACKAGES a directory of Debian packages to hand in, or
# empty, PROGRAM one of tests/vm/guest; FAIRSLICE_VM_PROGRAMS may be a directory
# of programs for its users. The exit status is PROGRAM's,
# or 124 when the time ran out. Sets traps, so call it last.
vm_boot() {
    local release=$1 seconds=$2 output=$3 tar=$4 packages=$5; shift 5
    local image
    require_packages qemu-system-x86 util-linux
    image=$(vm_image "$release")

    take_machine_lock
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/fairslice-vm.XXXXXX")
    trap stop_machine EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    pack_input_disk "$tar" "$packages" "$seconds" "$@"
    truncate -s "$VM_OUTPUT_DISK_SIZE" "$scratch/output"
    rm -rf "$output/console.log" "$output/results.log" "$output/others-percent" "$output/guest"
    mkdir -p "$output/guest"

    note_host_use
    start_machine "$image" "$((seconds + VM_GRACE))" "$output"
    tail -n +1 -f --pid="$machine" "$output/results.log" &
    wait "$!" # not in the foreground, where bash would see signals only after its end
    collect_result "$output"
}

# pack_input_disk TAR PACKAGES SECONDS PROGRAM ARGUMENT... - the disk is a tar, and the words travel one a line
pack_input_disk() {
    local tar=$1 packages=$2 seconds=$3; shift 3
    mkdir "$scratch/job"
    [[ -z $packages ]] || ln -s "$(realpath "$packages")" "$scratch/job/packages"
    [[ -z ${FAIRSLICE_VM_PROGRAMS:-} ]] || ln -s "$FAIRSLICE_VM_PROGRAMS" "$scratch/job/programs"
    ln -s "$(realpath "$tar")" "$scratch/job/installed.tar"
    printf '%s\n' "$seconds" >"$scratch/job/seconds"
    printf '%s\n' "$@" >"$scratch/job/command"
    env | grep '^FAIRSLICE_CASE_[A-Z]*=' >"$scratch/job/environment" || true
    tar --dereference --owner=0 --group=0 --exclude=__pycache__ -cf "$scratch/input" \
        -C "$project_root/tests/vm" guest cases -C "$scratch" job \
        -C "$project_root" docs/dbus.md tests/check/bus-members
}

# KVM only where it really works: nested, it may open and then fail.
machine_accelerator() {
    if [[ -w /dev/kvm ]] && qemu_quits_at_once -accel kvm -cpu max; then
        echo kvm
    else
        echo tcg,thread=multi
    fi
}

qemu_quits_at_once() {
    echo quit | timeout 10 qemu-system-x86_64 "$@" -S -nodefaults -display none -monitor stdio >/dev/null 2>&1
}

# Sets $machine. Whoever is killed takes those below along, so nothing is left
# behind even by kill -9. The disks' overlays have no name.
start_machine() {
    local image=$1 seconds=$2 output=$3
    : >"$output/results.log"
    # QEMU 7.2 emulates cmpxchg16b wrongly with several threads, and the guest's memory is corrupted: no cx16.
    setpriv --pdeathsig TERM timeout --foreground --kill-after=5 "$seconds" \
        setpriv --pdeathsig KILL qemu-system-x86_64 \
        -accel "${FAIRSLICE_VM_ACCEL:-$(machine_accelerator)}" -cpu max,-cx16 -smp "$VM_CPUS" -m "$VM_MEMORY" \
        -nodefaults -no-user-config -display none \
        -chardev "file,id=console,path=$output/console.log" -serial chardev:console \
        -chardev "file,id=results,path=$output/results.log" -serial chardev:results \
        -drive "file=$image/disk.ext4,format=raw,if=virtio,snapshot=on" \
        -drive "file=$scratch/input,format=raw,if=virtio,readonly=on" \
        -drive "file=$scratch/output,format=raw,if=virtio,cache=unsafe" \
        -device virtio-rng-pci \
        -kernel "$image/vmlinuz" -initrd "$image/initrd.img" -append "$(kernel_command_line)" </dev/null &
    machine=$!
}

# Where CPUs are emulated the counter is the host's. A guest that measures it while the host is busy may find a
# frequency that is many times too low, and then its clock runs as many times too fast.
counter_khz() {
    awk -F : '/^cpu MHz/ { printf "%d\n", $2 * 1000; exit }' /proc/cpuinfo
}

kernel_command_line() {
    local words=(
        tsc_early_khz="$(counter_khz)"
        root=/dev/vda rw fsck.mode=skip panic=-1 console=ttyS0 loglevel=4
        tsc=reliable mitigations=off selinux=0 apparmor=0 audit=0 systemd.show_status=no
    )
    printf '%s\n' "${words[*]} ${FAIRSLICE_VM_APPEND:-}"
}

# Timings are worth little if something else kept the host's CPUs busy. Clock
# ticks since boot that this host worked for others than our children:
foreign_ticks() {
    local all own
    all=$(awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat)
    own=$(awk '{ print $16 + $17 }' "/proc/$$/stat")
    echo $((all - own))
}

note_host_use() {
    foreign_before=$(foreign_ticks) seconds_before=$SECONDS
}

# tell_host_use OUTPUT - keeps it there too
tell_host_use() {
    local ticks percent seconds=$((SECONDS - seconds_before))
    ticks=$(($(foreign_ticks) - foreign_before))
    (( seconds > 0 )) || return 0
    percent=$((100 * ticks / seconds / $(getconf CLK_TCK) / $(nproc)))
    printf '%s\n' "$percent" >"$1/others-percent"
    say "took $seconds s; meanwhile other processes used $percent % of this host's CPUs"
}

stop_machine() {
    if [[ -n ${machine:-} ]] && kill "$machine" 2>/dev/null; then
        wait "$machine" || true
    fi
    rm -rf "$scratch"
}

# collect_result OUTPUT - unpacks the output disk, returns the guest's status
collect_result() {
    local output=$1 status=0
    wait "$machine" || status=$?
    machine=
    tell_host_use "$output"
    tar -C "$output/guest" --no-same-owner -xf "$scratch/output" 2>/dev/null || true
    if [[ -s $output/guest/status ]]; then
        status=$(<"$output/guest/status")
    elif (( status == 124 )); then
        say "the virtual machine was stopped: its time was up ($output/console.log)"
    else
        say "the virtual machine went down without a result; the end of $output/console.log:"
        tail -n 25 "$output/console.log" >&2
        status=1
    fi
    return "$status"
}
