# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits that the service writes into the kernel's files itself, on hosts of both kinds where it does."""

import time

from harness import INTERVAL, MIB, RAW, VERSION_1, case, wait_for
from harness.limits import no_quota_stands, wait_for_quotas

TWO_INTERVALS = 2 * INTERVAL


@case("all stop: no quota is left within two intervals", on=RAW)
def quotas_end_with_contention(test):
    test.service.start()
    a, b = test.users("ab")
    loads = [test.busy(a, 8), test.busy(b, 8)]
    wait_for_quotas([a, b])
    time.sleep(TWO_INTERVALS)
    for load in loads:
        gone = load.kill()
    wait_for(no_quota_stands, 10, "no quota on any slice")
    test.at_most("quotas_gone_after", time.monotonic() - gone, TWO_INTERVALS, "s")


@case("MemoryMax, MemoryHigh and CPUWeight go up and down with a reload", on=RAW)
def limits_follow_the_configuration(test):
    user = test.new_user()
    test.service.start()
    test.steady(user, 1)
    for limit, high, weight in ((300, 200, 200), (500, 400, 50), (150, 120, 100)):
        test.configure(f"[User {user.name}]\nMemoryMax={limit}M\nMemoryHigh={high}M\nCPUWeight={weight}\n")
        test.service.reload()
        wait_for(lambda: user.cgroup.memory_max() == limit * MIB, 10, f"MemoryMax={limit}M")
        wait_for(lambda: user.cgroup.memory_high() == high * MIB, 2, f"MemoryHigh={high}M")
        wait_for(lambda: user.cgroup.cpu_weight() == weight, 2, f"CPUWeight={weight}")


@case("version 1 refuses a strict limit below use: it is told once, nobody is killed, and it is tried again",
      on=VERSION_1)
def strict_limit_waits_for_room(test):
    user = test.new_user()
    test.configure(f"[User {user.name}]\nMemoryMax=400M\n")
    test.service.start()
    load = test.allocate(user, 200)
    wait_for(lambda: "allocated" in load.output(), 60, "memory in use", pause=0.2)
    test.configure(f"[Memory]\nMemoryStrict=yes\n[User {user.name}]\nMemoryMax=100M\n")
    test.service.reload()

    def told():
        lines = test.service.said(test.beginning).splitlines()
        return [line for line in lines if f"Cannot set limits of {user.slice}" in line]
    wait_for(told, 10, "a line about it")
    wait_for(lambda: user.cgroup.memory_max() < 220 * MIB, 10, "a limit just above what is in use")
    time.sleep(5 * INTERVAL)
    test.equal("kills", user.kills(), 0)
    test.check(load.is_running(), "the process is gone")
    test.equal("lines", len(told()), 1)
    test.figure("line", told()[0])
    test.steady(user, 1)
    load.kill()
    test.figure("limit_after_room", wait_for(lambda: user.cgroup.memory_max() == 100 * MIB, 60, "the limit"), "s")
