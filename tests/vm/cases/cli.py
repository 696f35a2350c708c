# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users and administrators do with fairslicectl."""

import shlex
import statistics
import subprocess
import time

from harness import EVERYWHERE, MIB, NATIVE, NOSYSTEMD, SYSTEMD, case, machine, run, wait_for
from harness.client import DENIED, FAIRSLICECTL, fairslicectl
from harness.limits import Watch
from harness.service import SET_FOR_GOOD, SET_FOR_NOW

OWN = "list", "status", "show", "why", "cat", "history", "events", "top"
OTHERS = "status", "show", "why", "cat", "history"
# An emulated machine on a host with other work takes longer than its own 0.1 s; docs/measurements.md has both.
AT_ONCE = 0.2 if machine.KIND == NATIVE else 0.5
TRIES = 11
PASSWORD = "a word, and another"


def is_limited_to(user, mebibytes):
    return user.cgroup.memory_max() == (mebibytes and mebibytes * MIB)


def wait_for_limit(user, mebibytes):
    wait_for(lambda: is_limited_to(user, mebibytes), 10, f"MemoryMax={mebibytes}M of {user}")


def file_of(directory, user):
    return directory / f"{user.slice}.conf"


@case("users see what concerns themselves and nobody else", on=EVERYWHERE)
def users_see_their_own(test):
    test.service.start()
    a, b = test.users("ab")
    for verb in OWN:
        test.check(b.name not in fairslicectl(verb, user=a).stdout, f"{verb}: B is in it")
    for verb in "list", "status", "top":
        test.check(a.name in fairslicectl(verb, user=a).stdout, f"{verb}: A is not in it")
    test.check(f"\nUID={a.uid}\n" in fairslicectl("show", a.name, user=a).stdout, "show: not of A")
    test.check(fairslicectl("why", user=a).stdout.startswith("You are using "), "why: not told")


def is_refused(test, user, *words):
    done = fairslicectl(*words, user=user, check=False)
    test.equal(f"exit status of {words}", done.returncode, DENIED)
    test.equal(f"output of {words}", done.stdout, "")
    test.check("Only an administrator may" in done.stderr or "Only root may" in done.stderr,
               f"{words}: not said why: {done.stderr}")


@case("users are refused what is others' and every change, and not asked for a password without a terminal",
      on=EVERYWHERE)
def users_are_refused_the_rest(test):
    test.service.start()
    a, b = test.users("ab")
    for verb in OTHERS:
        is_refused(test, a, verb, b.name)
    for words in (("set", a.name, "MemoryMax=1G"), ("set", b.name, "CPUQuota=10%", "--runtime"), ("reset", a.name),
                  ("reload",), ("check",), ("release",)):
        is_refused(test, a, *words)
    test.equal("files", [*SET_FOR_NOW.glob("*"), *SET_FOR_GOOD.glob("*")], [])
    test.equal("limits of B", (b.cgroup.memory_max(), b.cgroup.cpu_quota()), (None, None))


def seconds_until(test, user, value, set_it, written_to):
    """(from the start of the command until the service has written the limit down, until it is in the kernel's file)"""
    watch = Watch(user.cgroup.memory_max)
    test.defer(watch.close)
    start = time.time()
    set_it(value)
    stands = watch.wait_for(lambda seen: seen == value, 10, f"memory.max of {value}", after=start)
    watch.close()
    return written_to.stat().st_mtime - start, stands - start


def set_for_now(user):
    return lambda value: fairslicectl("set", user.name, f"MemoryMax={value}", "--runtime")


@case("an administrator's limit is in the kernel's file at once", on=EVERYWHERE)
def limits_are_set_at_once(test):
    test.service.start()
    user = test.user("a")
    path = file_of(SET_FOR_NOW, user)
    times = [seconds_until(test, user, (300 + n) * MIB, set_for_now(user), path) for n in range(TRIES)]
    written, stands = zip(*times)
    test.figure("limit_written_down_after", 1000 * statistics.median(written), "ms")
    test.figure("limit_stands_after_at_best", 1000 * min(stands), "ms")
    test.at_most("limit_stands_after", 1000 * statistics.median(stands), 1000 * AT_ONCE, "ms")


@case("what an administrator has set is told, and undone by a reset and by removing the file", on=EVERYWHERE)
def limits_are_undone(test):
    test.configure("[Memory]\nMemoryMax=900M\n")
    test.service.start()
    user = test.user("a")
    wait_for_limit(user, 900)

    fairslicectl("set", user.name, "MemoryMax=400M", "CPUQuota=30%")
    wait_for(lambda: is_limited_to(user, 400) and user.cgroup.cpu_quota() == 0.3, 10, "both limits")
    test.check(f"# {file_of(SET_FOR_GOOD, user)}:" in fairslicectl("cat", user.name, user=user).stdout,
               "cat does not name the file")
    events = fairslicectl("events", user=user).stdout
    test.check(f"{user.name}: limits set by root, for good: CPUQuota=30% MemoryMax=400M" in events,
               f"not among the events: {events}")
    fairslicectl("set", user.name, "MemoryMax=350M", "--runtime")
    wait_for_limit(user, 350)

    file_of(SET_FOR_NOW, user).unlink()
    wait_for_limit(user, 400)
    file_of(SET_FOR_GOOD, user).unlink()
    wait_for(lambda: is_limited_to(user, 900) and user.cgroup.cpu_quota() is None, 10, "the limits of the configuration")

    fairslicectl("set", user.name, "CPUQuota=40%", "MemoryMax=300M")
    wait_for(lambda: is_limited_to(user, 300) and user.cgroup.cpu_quota() == 0.4, 10, "both limits")
    fairslicectl("reset", user.name)
    wait_for(lambda: is_limited_to(user, 900) and user.cgroup.cpu_quota() is None, 10, "the limits of the configuration")
    test.equal("files", [*SET_FOR_NOW.glob("*"), *SET_FOR_GOOD.glob("*")], [])


def administrator(test):
    user = test.new_user()
    run("usermod", "--append", "--groups", "sudo", user.name)
    run("sh", "-c", 'echo "$1" | chpasswd', "sh", f"{user.name}:{PASSWORD}")
    test.defer(run, "gpasswd", "--delete", user.name, "sudo")
    return user


def ask(test, user, password, *words):
    """Runs it on a terminal, in a session, without which polkit asks nobody. Returns the terminal after its end."""
    command = shlex.join([FAIRSLICECTL, *words])
    session = test.session("su", "--login", user.name, "--session-command", f'{command}; echo "it ended with $?"')
    session.wait_for("Password:")
    session.type_password(password)
    session.wait_for("it ended with ")
    return session


@case("an administrator who is not root is asked for the password on the terminal, and may then", on=SYSTEMD)
def administrators_type_their_password(test):
    test.service.start()
    admin, user = administrator(test), test.user("a")
    refused = ask(test, admin, "wrong", "set", user.name, "MemoryMax=320M")
    refused.wait_for(f"it ended with {DENIED}")
    test.equal("memory.max", user.cgroup.memory_max(), None)

    ask(test, admin, PASSWORD, "set", user.name, "MemoryMax=320M").wait_for("it ended with 0")
    wait_for_limit(user, 320)
    events = fairslicectl("events").stdout
    test.check(f"limits set by {admin.name}, for good: MemoryMax=320M" in events, f"not told by whom: {events}")
    ask(test, admin, PASSWORD, "reset", user.name).wait_for("it ended with 0")
    wait_for_limit(user, None)


def follow(test, *words):
    """What the command writes as it comes, in a list."""
    process = subprocess.Popen([FAIRSLICECTL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    test.defer(process.stdout.close)
    test.defer(process.wait)
    test.defer(process.kill)
    return process.stdout


@case("top, events -f and monitor tell what goes on, as it goes on", on=EVERYWHERE)
def what_goes_on_is_told(test):
    user = test.new_user()
    test.configure(f"[User {user.name}]\nMemoryMax=100M\n")
    test.service.start()
    events, monitor = follow(test, "events", "-f"), follow(test, "monitor")
    test.busy(user, 1)
    wait_for(user.cgroup.exists, 10, "the slice")
    top = fairslicectl("top", "-b", "-n", "2", "--delay=500ms").stdout
    test.equal("times that the user is in top", top.count(f"\n{user.name} "), 2)

    fairslicectl("set", user.name, "CPUWeight=200", "--runtime")
    next(line for line in events if f"{user.name}: limits set by root" in line)
    next(line for line in monitor if "Manager.LimitsChanged" in line and user.slice in line)
    test.allocate(user, 200)
    killed = next(line for line in events if "memory" in line and user.name in line)
    test.check("allocate" in killed, f"not told who was killed: {killed}")
    next(line for line in monitor if "Manager.OutOfMemory" in line and user.slice in line)


def set_for_good_and_for_now(test):
    if machine.KIND in SYSTEMD:
        run("systemctl", "enable", "--now", test.service.unit)
    else:
        test.service.start()
    a, b = test.users("ab")
    fairslicectl("set", a.name, "MemoryMax=330M")
    fairslicectl("set", b.name, "MemoryMax=340M", "--runtime")
    wait_for_limit(a, 330)
    wait_for_limit(b, 340)


@case("after a reboot limits that were set for good stand by themselves, and those for now are gone",
      on=(*SYSTEMD, NOSYSTEMD), before_reboot=set_for_good_and_for_now)
def limits_for_good_outlive_a_reboot(test):
    if machine.KIND in SYSTEMD:
        test.defer(run, "systemctl", "disable", test.service.unit)
        test.check(test.service.is_active(), "the service was not started")
    else:
        test.service.start()
    a, b = test.users("ab")
    wait_for_limit(a, 330)
    wait_for_limit(b, None)
    fairslicectl("reset", a.name)
    wait_for_limit(a, None)
