# SPDX-License-Identifier: LGPL-2.1-or-later
"""Without systemd: the service makes the slices, and puts every process where it belongs."""

import os
import random
import signal
import subprocess
import time

from harness import MIB, NOSYSTEMD, WITHOUT_SYSTEMD, case, kernel, wait_for
from harness.cgroup import ROOT, Cgroup, groups_of, is_in
from harness.limits import quotas_stand, wait_for_quotas
from harness.loads import PROGRAMS

LIMIT = 100
FIRST_VISITOR = 61500


def wait_for_group(pid, group, seconds=5):
    return wait_for(lambda: is_in(pid, group), seconds, f"{pid} in {group}")


def place_of(user):
    return f"/user.slice/{user.slice}"


@case("the machine has a script as PID 1, cgroup version 2 and no bus", on=(NOSYSTEMD,))
def machine_is_plain(test):
    test.check(open("/proc/1/comm", encoding="ascii").read().strip() != "systemd", "PID 1 is systemd")
    test.check((ROOT / "cgroup.controllers").exists(), "no cgroup version 2")
    for path in ("/run/dbus/system_bus_socket", "/run/systemd/journal/socket", "/run/systemd/system"):
        test.check(not os.path.exists(path), f"{path} is there")


@case("who was there before the service, who comes later and who changes their UID: each is in their slice",
      on=WITHOUT_SYSTEMD)
def processes_are_moved(test):
    early, late, other = (test.new_user() for _ in range(3))
    first = test.steady(early, 1)
    before = groups_of(1)
    test.equal("groups before", groups_of(first.pid), groups_of(os.getpid()))
    test.service.start()
    wait_for_group(first.pid, place_of(early))
    second = test.steady(late, 1)
    test.figure("moved_after", 1000 * wait_for_group(second.pid, place_of(late)), "ms")

    changing = subprocess.Popen([
        "python3", "-c", "import os, time; "
        f"os.setresuid({early.uid}, {early.uid}, 0); time.sleep(3); "
        f"os.seteuid(0); os.setresuid({other.uid}, {other.uid}, {other.uid}); time.sleep(60)"])
    test.defer(changing.wait)
    test.defer(changing.kill)
    wait_for_group(changing.pid, place_of(early), 3)
    wait_for_group(changing.pid, place_of(other), 10)
    test.equal("groups of PID 1", groups_of(1), before)


@case("children of who was moved are in the slice too, and a group goes with its last process", on=WITHOUT_SYSTEMD)
def empty_groups_are_removed(test):
    test.service.start()
    user = test.new_user()
    load = test.busy(user, 4)
    wait_for(lambda: len(user.cgroup.processes()) == 4, 5, "four processes in the slice")
    load.kill()
    test.figure("removed_after", wait_for(lambda: not user.cgroup.exists(), 10, "the end of the slice"), "s")


@case("a process over MemoryMax is killed, and the record is on standard error", on=WITHOUT_SYSTEMD)
def memory_is_capped(test):
    user = test.new_user()
    test.configure(f"[User {user.name}]\nMemoryMax={LIMIT}M\n")
    test.service.start()
    load = test.allocate(user, 2 * LIMIT)
    wait_for(lambda: user.kills() == 1, 30, "a kill")
    killed = time.monotonic()
    command, pid = kernel.victims(user.uid)[-1]
    test.equal("PID of the victim", int(pid), load.pid)
    words = user.name, user.slice, f"{LIMIT}M", f"killed {command} (PID {pid})"

    def records():
        return [line for line in test.service.said(0).splitlines() if all(word in line for word in words)]
    wait_for(lambda: len(records()) == 1, 15, f"a line with {words}")
    test.at_most("record_after_kill", time.monotonic() - killed, 1, "s")
    time.sleep(2)
    test.equal("records", len(records()), 1)


@case("SIGTERM: no group is left, all processes are back, the controllers are as before", on=WITHOUT_SYSTEMD)
def stop_leaves_nothing(test):
    controllers = Cgroup().controllers()
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    a, b = test.users("ab")
    loads = test.busy(a, 8), test.busy(b, 8)
    wait_for_quotas([a, b])
    test.service.stop()
    test.equal("exit status", test.service.status, 0)
    test.equal("left of user.slice", Cgroup("user.slice").directories(), [])
    test.equal("controllers", Cgroup().controllers(), controllers)
    for load in loads:
        test.check(load.is_running(), "a process is gone")
        test.equal("groups afterwards", groups_of(load.pid), groups_of(os.getpid()))


@case("kill -9 and another start: what the first left is taken up, and nothing of it stays", on=WITHOUT_SYSTEMD)
def a_crash_is_taken_up(test):
    controllers = Cgroup().controllers()
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    a, b = test.users("ab")
    load = test.busy(a, 8)
    test.busy(b, 8)
    wait_for_quotas([a, b])
    os.kill(test.service.main_pid(), signal.SIGKILL)
    test.service.wait()
    started = time.monotonic()
    test.service.start()
    wait_for(lambda: quotas_stand([a, b]) and a.cgroup.memory_max() == 300 * MIB, 20, "the limits again")
    test.figure("limits_after_start", time.monotonic() - started, "s")
    test.check(is_in(load.pid, place_of(a)), "a process from before is not in its slice")
    test.service.stop()
    test.equal("left of user.slice", Cgroup("user.slice").directories(), [])
    test.equal("controllers", Cgroup().controllers(), controllers)


class Visitor:
    """A user with a UID and without a name, and two processes that do nothing."""

    def __init__(self, number):
        self.uid = FIRST_VISITOR + number
        self.cgroup = Cgroup(f"user.slice/user-{self.uid}.slice")
        self._process = subprocess.Popen([PROGRAMS / "idle", str(self.uid)], start_new_session=True)
        self.pid = self._process.pid

    def is_placed(self):
        return is_in(self.pid, f"/user.slice/{self.cgroup.name}")

    def leave(self):
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def placed(visitors):
    return all(visitor.is_placed() for visitor in visitors)


def come_and_go(visitors, seconds):
    """One leaves, another one comes back, all the time; returns how many did."""
    chance, count, end = random.Random(1), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        number = chance.randrange(len(visitors))
        visitors[number].leave()
        visitors[number] = Visitor(number)
        count += 1
        time.sleep(0.02)
    return count


def cpu_seconds_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@case("two hundred users come and go, and nothing of them is left", timeout=300, on=WITHOUT_SYSTEMD)
def a_crowd_leaves_nothing(test):
    test.configure("[Memory]\nMemoryMax=50M\n")
    test.service.start()
    said, used = test.service.said(0), cpu_seconds_of(test.service.main_pid())
    visitors = []
    test.defer(lambda: [visitor.leave() for visitor in visitors])
    for number in range(200):
        visitors.append(Visitor(number))
    test.figure("all_placed_after", wait_for(lambda: placed(visitors), 60, "everybody in their slice", pause=0.1), "s")
    groups = [visitor.cgroup for visitor in visitors]
    wait_for(lambda: all(group.memory_max() == 50 * MIB for group in groups), 30, "their limits", pause=0.1)

    test.figure("came_back", come_and_go(visitors, 10))
    wait_for(lambda: placed(visitors), 30, "everybody in their slice again", pause=0.1)
    while visitors:
        visitors.pop().leave()
    test.figure("slices_gone_after", wait_for(lambda: not any(group.directories() for group in groups), 60,
                                              "the end of their slices", pause=0.1), "s")
    test.figure("cpu_of_service", cpu_seconds_of(test.service.main_pid()) - used, "s")
    test.equal("said about all that", test.service.said(0).removeprefix(said), "")
    test.service.stop()
    test.equal("left of user.slice", Cgroup("user.slice").directories(), [])
