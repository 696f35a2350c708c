# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fair shares of the CPUs."""

import time
import types

from harness import CPUS, EVERYWHERE, INTERVAL, NATIVE, THRESHOLD, case, jain, machine, measure, wait_for
from harness.bus import SET_UNIT_PROPERTIES
from harness.limits import no_quota_stands, property_of, quotas, wait_for_quotas

TWO_INTERVALS = 2 * INTERVAL
ROOT = types.SimpleNamespace(uid=0)
# Who has one process shares its CPU with others', and cannot use a whole share. An emulated CPU is also at times not
# there; docs/measurements.md has both.
USE_OF_BUDGET = 95 if machine.KIND == NATIVE else 93


class ThreeUsers:
    """A with 8 busy processes, B with 1, C at a steady 10 % of a CPU."""

    def __init__(self, test):
        self.a, self.b, self.c = self.all = test.users("abc")
        self.throttled_before = self.c.cgroup.throttled_periods()
        self.load_c = test.steady(self.c, 10)
        self.load_b = test.busy(self.b, 1)
        self.load_a = test.busy(self.a, 8)

    def times_c_was_throttled(self):
        return self.c.cgroup.throttled_periods() - self.throttled_before


def sleep_until(when):
    time.sleep(max(0, when - time.monotonic()))


def note_budget(test, use):
    test.figure("outside", use.outside, "CPUs")
    test.figure("outside_by_ticks", use.outside_by_ticks, "CPUs")
    test.figure("use_of_threshold", 100 * use.total / (CPUS * THRESHOLD), "% of CPUs x CPUThreshold")


@case("A with 8 processes and B with 1 get the same, together the budget; C with a little is never throttled",
      on=EVERYWHERE)
def are_equal(test):
    test.service.start()
    users = ThreeUsers(test)
    time.sleep(TWO_INTERVALS)
    use = measure(users.all, 20)

    for name, user in zip("abc", users.all):
        test.figure(f"use_{name}", use.of[user], "CPUs")
    note_budget(test, use)
    test.at_least("jain", jain([use.of[users.a], use.of[users.b]]), 0.99)
    test.between("use_of_budget", 100 * use.total / use.budget(THRESHOLD), USE_OF_BUDGET, 103, "% of the budget")
    test.equal("periods in which C was throttled", users.times_c_was_throttled(), 0)


@case("B stops: A has B's share within two intervals")
def are_lent(test):
    test.service.start()
    users = ThreeUsers(test)
    wait_for_quotas([users.a])
    time.sleep(TWO_INTERVALS)
    before = measure(users.all, 5)
    quota = users.a.cgroup.cpu_quota()

    gone = users.load_b.kill()
    wait_for(lambda: users.a.cgroup.cpu_quota() != quota, 10, "another quota for A", pause=0.01)
    test.figure("quota_changed_after", time.monotonic() - gone, "s")
    sleep_until(gone + TWO_INTERVALS)
    use = measure(users.all, 5)

    note_budget(test, use)
    both = before.of[users.a] + before.of[users.b]
    test.at_least("use_of_both_shares", 100 * use.of[users.a] / both, 95, "% of what A and B had")
    test.at_most("use_of_budget", 100 * use.total / use.budget(THRESHOLD), 103, "% of the budget")


@case("all stop: no quota is left within two intervals, and nothing is set while the host is idle")
def end_with_contention(test):
    test.service.start()
    users = ThreeUsers(test)
    wait_for_quotas([users.a])
    time.sleep(TWO_INTERVALS)

    users.load_b.kill()
    gone = users.load_a.kill()
    wait_for(no_quota_stands, 10, "no quota on any slice")
    test.at_most("quotas_gone_after", time.monotonic() - gone, TWO_INTERVALS, "s")
    for user in users.all:
        test.equal(f"CPUQuotaPerSecUSec of {user.slice}", property_of(user.slice, "CPUQuotaPerSecUSec"), "infinity")

    calls = test.monitor(SET_UNIT_PROPERTIES)
    sleep_until(gone + TWO_INTERVALS)
    calls.sync()
    before = len(calls.property_calls())
    time.sleep(10)
    after = calls.property_calls()[before:]
    test.figure("calls_in_10_idle_seconds", len(after))
    test.equal("calls while idle", after, [])


@case("a host with room lends everything: one user alone with one process has no quota")
def need_no_quota_with_room(test):
    test.service.start()
    user = test.user("a")
    test.busy(user, 1)
    time.sleep(2 * TWO_INTERVALS)
    test.equal("quotas", quotas(), {})
    use = measure([user], 5)
    test.at_least("use", use.of[user], 0.95, "CPUs")


@case("few calls are made while the contention lasts")
def settle(test):
    test.service.start()
    users = ThreeUsers(test)
    wait_for_quotas([users.a])
    time.sleep(3 * TWO_INTERVALS)
    calls = test.monitor(SET_UNIT_PROPERTIES)
    before = len(calls.property_calls())
    time.sleep(20)
    after = calls.property_calls()[before:]
    test.at_most("calls_in_20_contended_seconds", len(after), 2 * 20 / INTERVAL)


@case("without systemd: a user has as much as root's own processes, where there is one of these for each CPU",
      on=(NATIVE,))
def stand_beside_root(test):
    test.service.start()
    user = test.user("a")
    test.busy(ROOT, CPUS)
    test.busy(user, CPUS)
    time.sleep(TWO_INTERVALS)
    use = measure([user], 10)
    note_budget(test, use)
    test.between("use_of_host", 100 * use.total / CPUS, 40, 60, "% of all CPUs")


@case("users with 3 and with 1 busy processes have quotas, and the same", on=(NATIVE,))
def need_no_crowd(test):
    test.service.start()
    a, b = test.users("ab")
    test.busy(a, 3)
    test.busy(b, 1)
    test.figure("quota_of_a_after", wait_for(lambda: a.cgroup.cpu_quota() is not None, 6, "a quota for A"), "s")
    time.sleep(TWO_INTERVALS)
    use = measure([a, b], 10)
    note_budget(test, use)
    test.at_least("jain", jain(list(use.of.values())), 0.99)
