# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness itself: what the other cases rely on, without the service."""

import time

from harness import SYSTEMD, case, measure, wait_for
from harness.bus import SET_UNIT_PROPERTIES, USER_NEW
from harness.command import run


@case("the machine has systemd as PID 1 and cgroup version 2")
def has_systemd(test):
    test.equal("PID 1", open("/proc/1/comm", encoding="ascii").read().strip(), "systemd")
    test.equal("file system of /sys/fs/cgroup", run("stat", "-fc", "%T", "/sys/fs/cgroup").stdout.strip(), "cgroup2fs")


@case("a steady load uses what it says, a busy one whole CPUs")
def loads_are_what_they_say(test):
    light, heavy = test.users("ab")
    test.steady(light, 10)
    time.sleep(2)
    use = measure([light, heavy], 5)
    test.between("steady_10_alone", use.of[light] * 100, 8.5, 11.5, "% of a CPU")

    test.busy(heavy, 8)
    time.sleep(1)
    use = measure([light, heavy], 5)
    test.between("steady_10_contended", use.of[light] * 100, 8.5, 11.5, "% of a CPU")
    test.at_least("busy_8", use.of[heavy], 1.7, "CPUs")
    test.figure("outside", use.outside, "CPUs")


@case("killing a load ends its use at once")
def killed_load_is_gone(test):
    user = test.user("a")
    load = test.busy(user, 8)
    time.sleep(1)
    load.kill()
    use = measure([user], 2)
    test.at_most("use_after_kill", use.of[user], 0.02, "CPUs")


@case("a process over its slice's limit is killed, and the kernel says so", on=SYSTEMD)
def memory_limit_kills(test):
    user = test.user("a")
    kills = user.kills()
    run("systemctl", "set-property", "--runtime", user.slice, "MemoryMax=100M")
    test.equal("memory.max", user.cgroup.memory_max(), 100 << 20)
    test.allocate(user, 200)
    wait_for(lambda: user.kills() == kills + 1, 20, "one more kill")


@case("the bus monitor hears each call and each new user")
def monitor_hears(test):
    calls = test.monitor(SET_UNIT_PROPERTIES)
    arrivals = test.monitor(USER_NEW)
    user = test.new_user()
    user.linger()
    for weight in range(101, 121):
        run("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager", "SetUnitProperties", "sba(sv)",
            user.slice, "true", "1", "CPUWeight", "t", str(weight))
    heard = calls.property_calls()
    test.equal("weights heard", [call.properties["CPUWeight"] for call in heard], list(range(101, 121)))
    test.check(abs(heard[-1].realtime - time.time()) < 5, "time stamps are off")
    test.equal("new users heard", [m["payload"]["data"][0] for m in arrivals.messages()], [user.uid])
    test.equal("cpu.weight", user.cgroup.cpu_weight(), 120)


@case("limits do not outlive a case", on=SYSTEMD)
def limits_are_reverted(test):
    test.equal("memory.max", test.user("a").cgroup.memory_max(), None)
