# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service may do, and what it may not."""

import pwd

from harness import case, run

NO_CAPABILITIES = "0000000000000000"


def process_status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return {key: value.split() for key, _, value in (line.partition(":") for line in file)}


@case("the process is not root and has no capability")
def are_none(test):
    test.service.start()
    status = process_status(test.service.main_pid())
    uid = str(pwd.getpwnam("fairslice").pw_uid)
    test.check(uid != "0", "fairslice is root")
    test.equal("Uid", status["Uid"], [uid] * 4)
    test.check("0" not in status["Gid"] + status["Groups"], "the process has root's group")
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        test.equal(kind, status[kind], [NO_CAPABILITIES])
    test.equal("NoNewPrivs", status["NoNewPrivs"], ["1"])


def set_weight(user, unit):
    """As that user; returns whether systemd let them."""
    return run("runuser", "-u", user, "--", "busctl", "--", "call",
               "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
               "SetUnitProperties", "sba(sv)", unit, "true", "1", "CPUWeight", "t", "100", check=False)


@case("polkit lets the service's user set properties of users' slices")
def include_users_slices(test):
    user = test.user("a")
    done = set_weight("fairslice", user.slice)
    test.equal("exit status", done.returncode, 0)


@case("polkit lets the service's user set nothing else")
def exclude_all_else(test):
    for unit in ("system.slice", "user.slice", "user-0x.slice", "user-1000-x.slice", "dbus.service",
                 "systemd-journald.service", f"user@{test.user('a').uid}.service", "init.scope", "-.slice"):
        done = set_weight("fairslice", unit)
        test.check(done.returncode != 0, f"allowed for {unit}")
        test.check("denied" in done.stderr.lower() or "authentication required" in done.stderr.lower(),
                   f"refused for another reason: {unit}: {done.stderr.strip()}")


@case("polkit lets the service's user start and stop nothing, and other users set nothing")
def are_for_one_verb_and_one_user(test):
    user = test.user("a")
    stop = run("runuser", "-u", "fairslice", "--", "systemctl", "--no-ask-password", "stop", user.slice, check=False)
    test.check(stop.returncode != 0, "fairslice may stop a user's slice")
    test.check(user.cgroup.exists(), "the slice is gone")
    test.check(set_weight(user.name, user.slice).returncode != 0, "a user may set their own weight")


def request_name(user):
    """As that user; the name is given back at once. Returns whether the bus let them."""
    done = run("runuser", "-u", user, "--", "busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
               "org.freedesktop.DBus", "RequestName", "su", "org.fairslice1", "4", check=False)
    return done.returncode == 0 and done.stdout.strip() == "u 1"


@case("the service's user and root may have the name on the bus, and nobody else")
def are_for_the_name(test):
    for user, allowed in ("fairslice", True), ("root", True), (test.user("a").name, False), ("nobody", False):
        test.equal(f"the name for {user}", request_name(user), allowed)
