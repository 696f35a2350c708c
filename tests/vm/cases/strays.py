# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users run outside of their slices."""

import itertools
import pathlib
import re
import time

from harness import LEGACY, MIB, SYSTEMD, case, jain, journal, machine, measure, run, wait_for
from harness.cgroup import Cgroup
from harness.limits import wait_for_quotas

ADOPT = "[Manager]\nAdoptStrays=yes\n"
BUSY = "sh -c 'while :; do :; done'"
SECONDS_TO_MOVE = 40

# Of the hierarchy that all units have a group in, as /proc/PID/cgroup has it.
HIERARCHY = "name=systemd" if machine.KIND == LEGACY else ""
# And of those that the limits are in.
LIMITING = ("cpu,cpuacct", "memory") if machine.KIND == LEGACY else ("",)

_numbers = itertools.count(1)


def groups_of(pid):
    """Its group in each hierarchy, below the root, without a slash before it."""
    text = pathlib.Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    return dict(re.findall(r"^\d+:(.*?):/(.*)$", text, re.MULTILINE))


def group_of(pid):
    return groups_of(pid)[HIERARCHY]


def as_user(user, command):
    """What suexec and a cron without PAM do: no session, only another UID."""
    return f"setpriv --reuid={user.uid} --regid={user.uid} --clear-groups -- {command}"


def stop(unit):
    run("systemctl", "stop", unit, check=False)


def systemd_version():
    return int(run("systemctl", "--version").stdout.split()[1])


class RootService:
    """A service whose main process is root's, and starts commands that go on in the background."""

    def __init__(self, test, *commands, properties=()):
        self.unit = f"stray-{next(_numbers)}.service"
        self.cgroup = Cgroup(f"system.slice/{self.unit}")
        # A second later than the main process, as it would be in life.
        script = "sleep 1; " + "".join(f"{command} & " for command in commands) + "wait"
        run("systemd-run", "--quiet", "--collect", f"--unit={self.unit}", "--property=KillSignal=SIGKILL",
            *[f"--property={text}" for text in properties], "sh", "-c", script)
        test.defer(stop, self.unit)

    def pids_of(self, user, count=1):
        """Of the user's processes in here, when there are so many."""
        found = []

        def all_there():
            found[:] = [pid for pid in self.cgroup.processes() if owner(pid) == user.uid]
            return len(found) >= count

        wait_for(all_there, 20, f"{count} processes of {user} in {self.unit}", pause=0.1)
        return list(found)


def owner(pid):
    """The real UID; None if it is gone."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(re.search(r"^Uid:\t(\d+)", status, re.MULTILINE).group(1))


def is_adopted(pid, user):
    return re.fullmatch(rf"user.slice/{user.slice}/fairslice-adopted-{user.uid}-\d+\.scope", group_of(pid))


def wait_until_adopted(test, pids, user):
    test.defer(lambda: Cgroup(f"user.slice/{user.slice}").exists() and kill_adopted(user))
    return wait_for(lambda: all(is_adopted(pid, user) for pid in pids), SECONDS_TO_MOVE,
                    f"{pids} of {user} in their slice", pause=0.1)


def kill_adopted(user):
    for path in Cgroup(f"user.slice/{user.slice}").path.glob("fairslice-adopted-*.scope"):
        Cgroup(path).kill()


def start(test, text=ADOPT):
    test.configure(text)
    test.service.start()


def lines_about(test, user):
    told = journal.entries(test.beginning, "_COMM=fairsliced")
    return [entry["MESSAGE"] for entry in told if f"{user.name} (UID {user.uid})" in entry["MESSAGE"]]


@case("a CGI program by suexec goes into the user's slice, is told once, and has the user's limits", on=SYSTEMD)
def of_a_service_of_root(test):
    user = test.new_user()
    start(test, ADOPT + "[Memory]\nMemoryMax=300M\n")
    service = RootService(test, as_user(user, "sleep 1000"), as_user(user, "sleep 1001"))
    pids = service.pids_of(user, 2)
    test.check(not user.cgroup.exists(), "the user has a slice already")
    test.figure("moved_after", wait_until_adopted(test, pids, user), "s")
    wait_for(lambda: user.cgroup.memory_max() == 300 * MIB, 5, "the memory limit of the slice")
    for pid, hierarchy in itertools.product(pids, LIMITING):
        group = groups_of(pid)[hierarchy]
        test.check(group.startswith(f"user.slice/{user.slice}"), f"{pid} is in {hierarchy}:/{group}")
    test.equal("the service", run("systemctl", "is-active", service.unit).stdout.strip(), "active")

    time.sleep(12)
    told, moved = lines_about(test, user)
    test.check(service.unit in told and "1 other process" in told, told)
    test.check(service.unit in moved and moved.startswith("Moved 2 processes"), moved)
    if systemd_version() > 247:  # which takes LogLevelMax= for what the unit itself says alone
        chatter = journal.entries(test.beginning, "_PID=1", f"UNIT=fairslice-adopt@{user.uid}.service")
        test.equal("lines of PID 1 about the helper", [entry["MESSAGE"] for entry in chatter], [])


@case("what was adopted counts in the shares")
def are_shared_with(test):
    a, b = test.users("ab")
    start(test)
    service = RootService(test, *[as_user(b, BUSY)] * 4)
    wait_until_adopted(test, service.pids_of(b, 4), b)
    test.busy(a, 8)
    wait_for_quotas([a, b])
    time.sleep(2)
    use = measure([a, b], 20)
    test.at_least("jain", jain(list(use.of.values())), 0.99)


@case("su to another user in somebody's session")
def in_another_users_session(test):
    alice, bob = test.new_user(), test.new_user()
    run("passwd", "--delete", bob.name)
    start(test)
    session = test.session("su", "-l", alice.name)
    wait_for(lambda: any(owner(pid) == alice.uid for pid in alice.cgroup.processes()), 30, "a shell of the session")
    session.type(f"su {bob.name}")
    wait_for(lambda: any(owner(pid) == bob.uid for pid in alice.cgroup.processes()), 30, "a shell of the other user")
    pids = [pid for pid in alice.cgroup.processes() if owner(pid) == bob.uid]
    wait_until_adopted(test, pids, bob)
    own = [pid for pid in alice.cgroup.processes() if owner(pid) == alice.uid]
    test.check(own, "the session's own processes were moved too")


@case("what is no stray stays where it is", on=SYSTEMD)
def leave_others_alone(test):
    user = test.user("c")
    start(test)
    containers = RootService(test, as_user(user, "sleep 1010"), properties=["Delegate=yes"])
    sandbox = RootService(test, f"unshare --pid --fork {as_user(user, 'sleep 1011')}")
    users = RootService(test, "unshare --user --map-root-user sleep 1012", properties=[f"User={user.name}"])
    acting = RootService(test, f"""python3 -c "import os, time; os.seteuid({user.uid}); time.sleep(1000)" """)
    own = f"stray-own-{next(_numbers)}.service"
    run("systemd-run", "--quiet", "--collect", f"--unit={own}", f"--uid={user.name}", "sleep", "1013")
    test.defer(stop, own)
    time.sleep(4)
    stays = containers.pids_of(user) + sandbox.pids_of(user) + users.pids_of(user)
    stays += Cgroup(f"system.slice/{own}").processes()
    wait_for(lambda: len(acting.cgroup.processes()) == 2, 20, "the one that acts for the user")
    stays += acting.cgroup.processes() + [2, 1]
    before = {pid: group_of(pid) for pid in stays}

    # And one that is, so that they were looked for.
    for _ in range(2):
        wait_until_adopted(test, RootService(test, as_user(user, "sleep 1014")).pids_of(user), user)
    test.equal("groups", {pid: group_of(pid) for pid in stays}, before)


@case("nothing is looked for unless it is wanted, and nothing is moved while observing")
def only_if_wanted(test):
    user = test.user("c")
    test.service.start()
    pids = RootService(test, as_user(user, "sleep 1020")).pids_of(user)
    time.sleep(15)
    test.equal("lines", lines_about(test, user), [])
    test.configure(ADOPT + "Observe=yes\n")
    test.service.reload()
    wait_for(lambda: lines_about(test, user), 20, "a line about the user", pause=0.5)
    time.sleep(10)
    test.check("only observes" in lines_about(test, user)[0], lines_about(test, user)[0])
    test.check(not any(is_adopted(pid, user) for pid in pids), "it was moved")


def start_as_service_user(unit):
    return run("runuser", "-u", "fairslice", "--", "systemctl", "--no-ask-password", "start", unit, check=False)


@case("polkit lets the service's user start the helper and nothing like it")
def start_one_unit_only(test):
    test.configure(ADOPT)
    test.equal("exit status", start_as_service_user(f"fairslice-adopt@{test.user('a').uid}.service").returncode, 0)
    for unit in ("fairslice-adopt@.service", "fairslice-adopt@x.service", "fairslice-adopt@1000x.service",
                 "systemd-tmpfiles-clean.service", "rescue.target"):
        done = start_as_service_user(unit)
        test.check(done.returncode != 0, f"allowed for {unit}")


@case("the helper refuses who is not managed, and when it is not wanted")
def helper_refuses(test):
    user = test.user("a")
    pids = RootService(test, as_user(user, "sleep 1030")).pids_of(user)
    for text, uid in (("", user.uid), (ADOPT, 0), (ADOPT, 998), (ADOPT, 65534), (ADOPT, 61234),
                      (ADOPT, 4000000), (f"{ADOPT}ExemptUsers={user.name}\n", user.uid),
                      (f"{ADOPT}Observe=yes\n", user.uid)):
        test.configure(text)
        done = run("systemctl", "start", f"fairslice-adopt@{uid}.service", check=False)
        test.check(done.returncode != 0, f"not refused: {uid} with {text!r}")
    test.check(not any(is_adopted(pid, user) for pid in pids), "it was moved")


@case("systemd-analyze security finds little to object to in the helper")
def helper_is_confined(test):
    told = run("systemd-analyze", "security", "--no-pager", "fairslice-adopt@1000.service").stdout
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    test.check(level, f"no level in: {told[-300:]}")
    test.at_most("exposure", float(level.group(1)), 1.5)
