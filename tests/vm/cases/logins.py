# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users who log in, with a session made by PAM."""

import time

from harness import INTERVAL, MIB, case, jain, measure, run, wait_for
from harness.limits import wait_for_quotas

BUSY = "sh -c 'while :; do :; done' & sh -c 'while :; do :; done' &"


def sessions_of(user):
    listed = run("loginctl", "show-user", "--property=Sessions", "--value", user.name, check=False)
    return listed.stdout.split()


def gets_limits_and_share(test, user, *command):
    """Someone who logs in and computes gets as much as one whose service does."""
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    session = test.session(*command)
    wait_for(lambda: sessions_of(user), 30, f"a session of {user}", pause=0.2)
    wait_for(lambda: user.cgroup.memory_max() == 300 * MIB, 5, "the memory limit")

    other = test.user("a")
    test.busy(other, 8)
    session.type(BUSY)
    wait_for_quotas([user, other])
    time.sleep(2 * INTERVAL)
    use = measure([user, other], 10)
    test.figure("use_in_session", use.of[user], "CPUs")
    test.figure("use_of_other", use.of[other], "CPUs")
    test.at_least("jain", jain(list(use.of.values())), 0.99)


@case("su -l on a terminal")
def with_su(test):
    user = test.new_user()
    gets_limits_and_share(test, user, "su", "-l", user.name)


@case("machinectl shell")
def with_machinectl(test):
    user = test.new_user()
    gets_limits_and_share(test, user, "machinectl", "shell", f"{user.name}@.host")
