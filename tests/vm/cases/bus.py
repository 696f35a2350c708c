# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.fairslice1 on a system bus with everything that belongs to one: PID 1, polkit, and their restarts."""

import pathlib
import sys

from harness import MIB, SYSTEMD, case, run, wait_for
from harness.client import NOT_RUNNING, become, fairslicectl, manager

SOURCE = pathlib.Path(__file__).resolve().parent.parent
NAME = "org.fairslice1"
ROOT = "/org/fairslice1"
# As the document has it.
DOCUMENTED_SLICE = f"{ROOT}/slice/user_2d1000_2eslice"


def path_of(user):
    return f"{ROOT}/slice/user_2d{user.uid}_2eslice"


def read(user, path, interface, name):
    """As busctl does, by a user."""
    return run(*become(user), "busctl", "get-property", NAME, path, f"{NAME}.{interface}", name, check=False, timeout=30)


@case("a call starts the service if it is enabled, and else says how to", on=SYSTEMD)
def a_call_starts_the_service(test):
    user = test.user("a")
    refused = fairslicectl("list", user=user, check=False)
    test.equal("exit status and output", (refused.returncode, refused.stdout), (NOT_RUNNING, ""))
    test.check("is not running. Start it with: systemctl start" in refused.stderr, f"not said how: {refused.stderr}")
    test.check(not test.service.is_active(), "the service runs, though it is not enabled")

    run("systemctl", "enable", test.service.unit)
    test.defer(run, "systemctl", "disable", test.service.unit)
    test.check(user.slice in manager("ListSlices", user=user).stdout, "A is not in the answer")
    test.check(test.service.is_active(), "the service does not run")


@case("everybody reads the host's properties and their own, and no others", on=SYSTEMD)
def properties_are_for_who_may(test):
    test.service.start()
    a, b = test.users("ab")
    test.equal("the host's", read(a, ROOT, "Manager", "Backend").stdout.split()[0], "s")
    for name in "MemoryCurrent", "CPUUsageNSec":
        test.check(int(read(a, path_of(a), "Slice", name).stdout.split()[1]) > 0, f"{name}: not A's")
        refused = read(a, path_of(b), "Slice", name)
        test.check(refused.returncode != 0 and "Access denied" in refused.stderr, f"{name} of B: {refused}")
    objects = run(*become(a), "busctl", "call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").stdout
    test.check(path_of(a) in objects and path_of(b) not in objects, f"objects for A: {objects}")


@case("no user may change anything, and none is kept waiting for a password", on=SYSTEMD)
def changes_are_for_administrators(test):
    test.service.start()
    a, b = test.users("ab")
    for call in (("SetLimits", "sa{sv}b", a.slice, 1, "MemoryMax", "t", 500 * MIB, "true"),
                 ("SetLimits", "sa{sv}b", b.slice, 1, "CPUQuotaPerSecUSec", "t", 100000, "false"),
                 ("ResetLimits", "s", a.slice), ("Reload",), ("Release",)):
        refused = manager(*call, user=a, check=False)
        test.check(refused.returncode != 0 and "Access denied" in refused.stderr, f"{call}: {refused}")
    test.equal("memory.max", a.cgroup.memory_max(), None)
    test.equal("quota", b.cgroup.cpu_quota(), None)


@case("the introspection is valid, and has what docs/dbus.md has", on=SYSTEMD)
def introspection_is_complete(test):
    test.service.start()
    a, b = test.users("ab")
    text = ""
    for shown, path in (ROOT, ROOT), (DOCUMENTED_SLICE, path_of(a)):
        text += f"OBJECT {shown}\n{run('busctl', '--xml-interface', 'introspect', NAME, path).stdout}"
    program = SOURCE / "introspection"  # not in /run, where nothing may be executed
    program.write_text(f"#!/bin/cat\n{text}", encoding="utf-8")
    test.defer(program.unlink)
    program.chmod(0o755)
    checked = run(sys.executable, SOURCE / "tests/check/bus-members", SOURCE, program, check=False)
    test.check(checked.returncode == 0, f"{checked.stdout}{checked.stderr}")
    for path in ROOT, path_of(a):
        run("busctl", "introspect", NAME, path)
    tree = run("busctl", "tree", "--list", NAME).stdout.split()
    test.check({path_of(a), path_of(b)} <= set(tree), f"A or B is not in the tree: {tree}")


def calls_work(test, mebibytes):
    """As a user, who may not; and as root, with PID 1 and polkit behind it."""
    a = test.user("a")
    test.check(a.slice in manager("ListSlices", user=a).stdout, "A is not in the answer")
    refused = manager("ResetLimits", "s", a.slice, user=a, check=False)
    test.check("Access denied" in refused.stderr, f"not refused: {refused}")
    manager("SetLimits", "sa{sv}b", a.slice, 1, "MemoryMax", "t", mebibytes * MIB, "true")
    wait_for(lambda: a.cgroup.memory_max() == mebibytes * MIB, 10, "the limit")


@case("after restarts of the bus and of polkit, a daemon-reload and a daemon-reexec calls are answered", on=SYSTEMD)
def restarts_are_survived(test):
    test.service.start()
    pid = test.service.main_pid()
    calls_work(test, 300)
    test.defer(run, "systemctl", "restart", "systemd-logind.service")  # does not come back to the new bus by itself
    restarts = (("restart", "polkit.service"), ("restart", "dbus.service"), ("daemon-reload",), ("daemon-reexec",))
    for number, words in enumerate(restarts, 1):
        run("systemctl", *words, timeout=90)
        wait_for(lambda: manager("ListSlices", check=False).returncode == 0, 10, f"answers after {words}")
        calls_work(test, 300 + number)
    test.equal("MainPID", test.service.main_pid(), pid)
