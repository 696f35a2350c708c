# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is particular to cgroup version 1 under systemd."""

import pathlib
import time

from harness import INTERVAL, LEGACY, MIB, case, journal, run, wait_for
from harness.cgroup import ROOT
from harness.limits import Watch, property_of, quotas_stand, user_slices, wait_for_quotas

TWO_INTERVALS = 2 * INTERVAL
LIMIT = 300
MASK = pathlib.Path("/etc/systemd/system/user-.slice.d/10-fairslice.conf")


def has_controller(user, controller):
    return (ROOT / controller / "user.slice" / user.slice).is_dir()


@case("the machine has systemd as PID 1, and cpu, cpuacct and memory in version 1", on=(LEGACY,))
def machine_is_legacy(test):
    test.equal("file system of /sys/fs/cgroup", run("stat", "-fc", "%T", "/sys/fs/cgroup").stdout.strip(), "tmpfs")
    for file in ("cpu/quota.slice/cpu.cfs_quota_us", "cpuacct/cpuacct.usage", "memory/memory.limit_in_bytes",
                 "systemd/init.scope/cgroup.procs"):
        test.check((ROOT / file).exists(), f"{file} is missing")


def without_accounting(test):
    """As if fairslice had not turned the controllers on for every user's slice."""
    def undo():
        MASK.unlink()
        run("systemctl", "daemon-reload", timeout=90)

    MASK.parent.mkdir(exist_ok=True)
    MASK.symlink_to("/dev/null")
    test.defer(undo)
    run("systemctl", "daemon-reload", timeout=90)


@case("a controller's directory that is missing is had from systemd", on=(LEGACY,))
def missing_directory_comes_from_systemd(test):
    without_accounting(test)
    user = test.new_user()
    user.linger()
    load = test.busy(user, 1)
    test.check(not has_controller(user, "cpu"), "the slice has cpu before the service has asked for it")
    test.service.start()
    wait_for(lambda: has_controller(user, "cpu") and has_controller(user, "cpuacct"), 10, "cpu of the slice")
    # systemd makes the directories of all slices beside the one that it was asked for, so that may be another user's.
    wait_for(lambda: any(property_of(group.name, "CPUAccounting") == "yes" for group in user_slices()), 10, "CPUAccounting")

    before = user.cgroup.cpu_seconds()
    time.sleep(2)
    test.at_least("use_of_who_was_there_before", user.cgroup.cpu_seconds() - before, 0.5, "s of CPU")
    load.kill()
    user.leave()
    wait_for(lambda: not has_controller(user, "cpu"), 10, "the end of cpu of the slice")
    test.check(not has_controller(user, "memory"), "memory of the slice is left")


@case("memsw is at the limit or above it, whichever way the limit goes", on=(LEGACY,))
def swap_is_limited_with_memory(test):
    user = test.new_user()
    test.service.start()
    test.steady(user, 1)
    for limit in (300, 500, 150):
        test.configure(f"[User {user.name}]\nMemoryMax={limit}M\nMemorySwapMax=50M\n")
        test.service.reload()
        wait_for(lambda: user.cgroup.memory_max() == limit * MIB, 10, f"MemoryMax={limit}M")
        if user.cgroup.file("memory.memsw.limit_in_bytes").exists():
            wait_for(lambda: int(user.cgroup.read("memory.memsw.limit_in_bytes")) == (limit + 50) * MIB, 2,
                     f"{limit + 50} MiB of memory and swap")


def warnings(test):
    found = journal.entries(test.beginning, f"_SYSTEMD_UNIT={test.service.unit}", "PRIORITY=4", "PRIORITY=3")
    return [entry["MESSAGE"] for entry in found]


@case("daemon-reload under load: the limits stand again within two seconds of its end, and nothing is said",
      on=(LEGACY,))
def limits_survive_daemon_reload(test):
    test.configure(f"[Memory]\nMemoryMax={LIMIT}M\n")
    test.service.start()
    a, b = users = test.users("ab")
    test.busy(a, 8)
    test.busy(b, 8)
    wait_for_quotas(users)
    time.sleep(TWO_INTERVALS)

    def stand():
        return quotas_stand(users) and all(user.cgroup.memory_max() == LIMIT * MIB for user in users)

    watch = Watch(stand)
    test.defer(watch.close)
    run("systemctl", "daemon-reload", timeout=90)
    reloaded = time.time()
    time.sleep(3 * TWO_INTERVALS)
    test.check(stand(), "the limits did not last")
    test.figure("times_that_limits_were_lost", watch.values().count(False))
    test.figure("limits_were_lost_for", watch.longest(False), "s")
    test.at_most("limits_after_reload", watch.last(True) - reloaded, 2, "s")
    test.equal("warnings", warnings(test), [])
