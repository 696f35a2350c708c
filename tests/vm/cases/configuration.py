# SPDX-License-Identifier: LGPL-2.1-or-later
"""Configuration files, reloading them, and looking without touching."""

import os
import signal
import subprocess
import time

from harness import INTERVAL, MIB, case, journal, run, wait_for
from harness.bus import SET_UNIT_PROPERTIES
from harness.limits import quotas, wait_for_quotas
from harness.service import BINARY

TWO_INTERVALS = 2 * INTERVAL


def start_with_memory_limit(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    user = test.user("a")
    wait_for(lambda: user.cgroup.memory_max() == 300 * MIB, 10, "the limit")
    return user


def bad_drop_in(test):
    """Wrong in line 4; what comes before would show if it were taken."""
    return test.configure("[Memory]\nMemoryMax=150M\n[CPU]\nCPUThreshold=nonsense\n", name="60-bad")


def journal_names_line(test, path):
    text = " ".join(str(entry["MESSAGE"]) for entry in journal.entries(test.beginning, f"--unit={test.service.unit}"))
    return f"{path}:4" in text and "CPUThreshold" in text


@case("a drop-in with a wrong value: reload is refused, with file and line in the journal, and nothing changes")
def bad_is_refused(test):
    user = start_with_memory_limit(test)
    pid = test.service.main_pid()
    path = bad_drop_in(test)

    test.check(test.service.reload(check=False).returncode != 0, "systemctl reload succeeded")
    time.sleep(TWO_INTERVALS)
    test.check(journal_names_line(test, path), "the journal does not name file and line")
    test.equal("memory.max", user.cgroup.memory_max(), 300 * MIB)
    test.equal("MainPID", test.service.main_pid(), pid)
    test.check(test.service.is_active(), "the service is not active")


@case("a drop-in with a wrong value and SIGHUP: the same")
def bad_is_refused_after_signal(test):
    user = start_with_memory_limit(test)
    pid = test.service.main_pid()
    path = bad_drop_in(test)

    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: journal_names_line(test, path), 10, "file and line in the journal", pause=0.2)
    time.sleep(TWO_INTERVALS)
    test.equal("memory.max", user.cgroup.memory_max(), 300 * MIB)
    test.equal("MainPID", test.service.main_pid(), pid)


@case("a drop-in with a wrong value at start: a warning, and the rest counts")
def bad_is_ignored_at_start(test):
    path = bad_drop_in(test)
    test.service.start()
    user = test.user("a")
    wait_for(lambda: user.cgroup.memory_max() == 150 * MIB, 10, "the limit of the good line")
    test.check(journal_names_line(test, path), "the journal does not name file and line")


@case("a good drop-in takes effect with a reload")
def good_takes_effect(test):
    user = start_with_memory_limit(test)
    pid = test.service.main_pid()
    test.configure("[Memory]\nMemoryMax=250M\n", name="60-good")
    test.service.reload()
    reloaded = time.monotonic()
    wait_for(lambda: user.cgroup.memory_max() == 250 * MIB, 10, "the new limit")
    test.at_most("limit_after_reload", time.monotonic() - reloaded, TWO_INTERVALS, "s")
    test.equal("MainPID", test.service.main_pid(), pid)


@case("--check says yes to good files, and names file, line and key of a bad one")
def is_checked(test):
    run(BINARY, "--check")
    path = bad_drop_in(test)
    checked = run(BINARY, "--check", check=False)
    said = checked.stdout + checked.stderr
    test.check(checked.returncode != 0, "--check succeeded")
    for word in (f"{path}:4", "CPUThreshold"):
        test.check(word in said, f"{word!r} is not in: {said}")


@case("users in ExemptUsers= are left alone")
def exempt_is_left_alone(test):
    a, b = test.users("ab")
    test.configure(f"[Manager]\nExemptUsers={a.name}\n[Memory]\nMemoryMax=300M\n")
    calls = test.monitor(SET_UNIT_PROPERTIES)
    test.service.start()
    test.busy(a, 8)
    test.busy(b, 8)
    wait_for_quotas([b])
    time.sleep(TWO_INTERVALS)
    test.equal("quota of A", a.cgroup.cpu_quota(), None)
    test.equal("memory.max of A", a.cgroup.memory_max(), None)
    test.equal("calls for A", [call for call in calls.property_calls() if call.unit == a.slice], [])


def sets_nothing(test, start):
    """Under contention and with memory limits to set, no call is made."""
    calls = test.monitor(SET_UNIT_PROPERTIES)
    a, b = test.users("ab")
    test.busy(a, 8)
    test.busy(b, 8)
    start()
    time.sleep(5 * TWO_INTERVALS)
    test.equal("calls", calls.property_calls(), [])
    test.equal("quotas", quotas(), {})
    test.equal("memory.max", a.cgroup.memory_max(), None)


@case("Observe=yes says what it would do, and sets nothing")
def observe_sets_nothing(test):
    test.configure("[Manager]\nObserve=yes\n[Memory]\nMemoryMax=300M\n")
    sets_nothing(test, test.service.start)
    said = journal.text(test.beginning, f"--unit={test.service.unit}")
    test.check("Would set" in said, f"not said what would be set: {said}")


@case("--dry-run, by a user without privileges, says what it would do, and sets nothing")
def dry_run_sets_nothing(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    command = ["runuser", "-u", test.user("c").name, "--", "timeout", "--signal=INT", "12", BINARY, "--dry-run"]
    output = []

    def start():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        test.defer(process.kill)
        output.append(process)

    sets_nothing(test, start)
    said, _ = output[0].communicate(timeout=30)
    test.check("Would set" in said, f"not said what would be set: {said}")


@case("--info tells what was found on this host")
def info_is_told(test):
    told = run(BINARY, "--info").stdout
    test.check("systemd" in told, f"no word about systemd: {told}")
