# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory limits."""

import time

from harness import EVERYWHERE, INTERVAL, MIB, SYSTEMD, case, wait_for
from harness.bus import USER_NEW
from harness.limits import Watch


def watch_memory_max(test, user):
    watch = Watch(user.cgroup.memory_max)
    test.defer(watch.close)
    return watch


def user_with_memory(test, mebibytes, limit):
    """A lingering user who holds that much, under a limit that leaves room."""
    user = test.new_user()
    test.configure(f"[User {user.name}]\nMemoryMax={limit}M\n")
    test.service.start()
    user.linger()
    wait_for(lambda: user.cgroup.memory_max() == limit * MIB, 10, "the first limit")
    load = test.allocate(user, mebibytes)
    wait_for(lambda: "allocated" in load.output(), 60, "memory in use", pause=0.2)
    return user, load


@case("a new user is held to MemoryMax within half a second", on=SYSTEMD)
def stands_for_new_user(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    arrivals = test.monitor(USER_NEW)
    user = test.new_user()
    watch = watch_memory_max(test, user)
    user.linger()
    stands = watch.wait_for(lambda limit: limit == 300 * MIB, 10, "the limit")

    signals = [message for message in arrivals.messages() if message["payload"]["data"][0] == user.uid]
    test.equal("UserNew signals", len(signals), 1)
    announced = signals[0]["timestamp-realtime"] / 1e6
    test.at_most("limit_after_user_new", 1000 * (stands - announced), 500, "ms")


@case("a slice that logind did not make gets its limit too")
def stands_without_logind(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    user = test.new_user()
    watch = watch_memory_max(test, user)
    started = time.time()
    test.busy(user, 1)
    stands = watch.wait_for(lambda limit: limit == 300 * MIB, 10, "the limit")
    test.figure("limit_after_start", 1000 * (stands - started), "ms")


@case("a limit lowered below use goes down in steps, and nobody is killed", timeout=180, on=EVERYWHERE)
def goes_down_in_steps(test):
    user, load = user_with_memory(test, 200, limit=400)
    watch = watch_memory_max(test, user)
    test.configure(f"[User {user.name}]\nMemoryMax=100M\n")
    test.service.reload()

    wait_for(lambda: user.cgroup.memory_max() < 400 * MIB, 10, "a lower limit")
    time.sleep(5 * INTERVAL)
    test.equal("kills", user.kills(), 0)
    test.check(load.is_running(), "the process is gone")
    test.check(user.cgroup.memory_max() >= user.cgroup.memory_current(), "the limit is below use")

    load.kill()
    wait_for(lambda: user.cgroup.memory_max() == 100 * MIB, 30, "the limit that was asked for")
    test.equal("kills", user.kills(), 0)
    test.figure("steps", len(watch.values()) - 1)


@case("MemoryStrict=yes sets a lower limit at once")
def is_strict_if_asked(test):
    user, _ = user_with_memory(test, 200, limit=400)
    test.configure(f"[Memory]\nMemoryStrict=yes\n[User {user.name}]\nMemoryMax=100M\n")
    test.service.reload()
    reloaded = time.monotonic()
    wait_for(lambda: user.cgroup.memory_max() == 100 * MIB, 10, "the lower limit")
    test.at_most("limit_after_reload", time.monotonic() - reloaded, 2 * INTERVAL, "s")


@case("a limit that somebody else changed is put back")
def is_put_back(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    user = test.user("a")
    wait_for(lambda: user.cgroup.memory_max() == 300 * MIB, 10, "the limit")
    user.cgroup.write(user.cgroup.MEMORY_MAX, user.cgroup.NO_LIMIT)
    test.figure("put_back_after", wait_for(lambda: user.cgroup.memory_max() == 300 * MIB, 30, "it again"), "s")
