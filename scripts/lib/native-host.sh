# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs a program of tests/vm/guest on this very host, as root, where it is one
# with version 1's hierarchies and without systemd; who uses the host is left
# alone. Needs message.sh, packages.sh, machine-lock.sh and program.sh.

: "${project_root:?}" "${PROGRAM:?}" "${CLIENT:?}"

# shellcheck disable=SC2034 # for who sources this
NATIVE_PACKAGES=(passwd procps python3 util-linux)
# Nobody's but the cases'; tests/vm/guest/start-natively has them too.
FIRST_UID=61400
LAST_UID=61799
# The tests of tests/native are about user.slice as well.
NATIVE_TEST_LOCK=/tmp/fairslice-native-test.lock
EXIT_SKIPPED=77

leave_out() {
    say "SKIPPED: $*"
    exit "$EXIT_SKIPPED"
}

# where CONTROLLER - the mount point of its version 1 hierarchy, or nothing
where() {
    awk -v word="$1" '
        match($0, " - cgroup [^ ]* ") && "," substr($0, RSTART + RLENGTH) "," ~ "," word "," { print $5; exit }
    ' /proc/self/mountinfo
}

our_processes() {
    ps -eo pid=,ruid= | awk -v first="$FIRST_UID" -v last="$LAST_UID" '$2 >= first && $2 <= last { print $1 }'
}

check_host() {
    local controller
    (( EUID == 0 )) || leave_out "only root can make groups and users"
    [[ ! -d /run/systemd/system && $(</proc/1/comm) != systemd ]] || leave_out "this host has systemd"
    for controller in cpu cpuacct memory; do
        [[ -n $(where "$controller") ]] || leave_out "version 1's $controller is not mounted"
    done
}

# check_no_group_is_here NAME - with the locks, so that it is no other test's
check_no_group_is_here() {
    local controller path
    for controller in cpu cpuacct memory; do
        path=$(where "$controller")/$1
        # One that a run which was killed has left is empty.
        [[ ! -d $path ]] || rmdir "$path" 2>/dev/null ||
            leave_out "this host has a group $1 already, and it is not this test's"
    done
}

# Likewise
check_nobody_is_here() {
    local uid processes
    uid=$(getent passwd | awk -F : -v first="$FIRST_UID" -v last="$LAST_UID" '$3 >= first && $3 <= last { print $3 }')
    [[ -z $uid ]] || leave_out "there are users with the UIDs ${uid//$'\n'/ }"
    # Those of a run before may not have been collected yet.
    for _ in {1..60}; do
        processes=$(our_processes)
        [[ -n $processes ]] || break
        sleep 0.5
    done
    [[ -z $processes ]] || leave_out "processes have UIDs from $FIRST_UID to $LAST_UID: ${processes//$'\n'/ }"
}

take_native_test_lock() {
    exec {native_test_lock}>"$NATIVE_TEST_LOCK"
    flock "$native_test_lock"
}

# Whatever ends this ends what it has started, and that cleans up.
stop_inside() {
    trap '' INT TERM HUP
    [[ -z ${inside:-} ]] || kill -TERM "$inside" 2>/dev/null || true
    wait || true
    [[ -z $own_group ]] || remove_own_group
}

# Who has ended may take a moment to be out of it.
remove_own_group() {
    local controller path
    for controller in cpu cpuacct memory; do
        path=$(where "$controller")/$own_group
        for _ in {1..50}; do
            [[ -d $path ]] || continue 2
            ! rmdir "$path" 2>/dev/null || continue 2
            sleep 0.1
        done
        say "cannot remove $path"
    done
}

# What is run inside sees this group as the root of the hierarchies; empty: the root itself.
own_group=

# run_inside OUTPUT GUEST_PROGRAM ARGUMENT... - sets traps; its exit status is the program's
run_inside() {
    local output=$1 guest=$project_root/tests/vm/guest prefix=(); shift
    [[ -z $own_group ]] || prefix=("$guest/in-own-group" "$own_group")
    mkdir -p "$output"
    : >"$output/results.log"
    trap stop_inside EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    FAIRSLICED=$PROGRAM FAIRSLICECTL=$CLIENT FIRST_UID=$FIRST_UID LAST_UID=$LAST_UID \
        setpriv --pdeathsig TERM "${prefix[@]}" unshare --mount "$guest/start-natively" "$output" "$@" \
        >"$output/results.log" 2>&1 </dev/null &
    inside=$!
    tail -n +1 -f --pid="$inside" "$output/results.log" &
    local status=0
    wait "$inside" || status=$?
    inside=
    wait
    return "$status"
}
