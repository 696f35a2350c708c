# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service itself uses."""

import time

from harness import case
from harness.limits import wait_for_quotas


def cpu_seconds_during(test, seconds):
    before = test.service.cgroup.cpu_seconds()
    time.sleep(seconds)
    return test.service.cgroup.cpu_seconds() - before


@case("a minute on an idle host costs little")
def is_small_when_idle(test):
    test.users("abc")
    test.service.start()
    time.sleep(3)
    used = cpu_seconds_during(test, 60)
    test.at_most("cpu_in_60_idle_seconds", 1000 * used, 600, "ms")
    test.figure("memory", test.service.cgroup.memory_current() / 1024, "KiB")


@case("twenty seconds of contention cost little")
def is_small_when_contended(test):
    a, b = test.users("ab")
    test.service.start()
    test.busy(a, 8)
    test.busy(b, 8)
    wait_for_quotas([a, b])
    used = cpu_seconds_during(test, 20)
    test.at_most("cpu_in_20_contended_seconds", 1000 * used, 1000, "ms")
