# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the limits and the service do when something around them is restarted, or they are."""

import os
import pwd
import signal
import time

from harness import INTERVAL, MIB, SYSTEMD, case, run, wait_for
from harness.bus import SET_UNIT_PROPERTIES
from harness.client import DENIED, fairslicectl, manager
from harness.limits import Watch, no_quota_stands, property_of, quotas, quotas_stand, wait_for_quotas

TWO_INTERVALS = 2 * INTERVAL
LIMIT = 300 * MIB
# What a machine with a CPU of its own does in half the time: of the emulated one's, --release and the new service
# need four seconds, all of them for PID 1 and for loading programs.
BACK_AFTER = 10


class Contention:
    """A and B ask for more than there is, and both have a quota and a memory limit."""

    def __init__(self, test):
        test.configure("[Memory]\nMemoryMax=300M\n")
        test.service.start()
        self.users = self.a, self.b = test.users("ab")
        self.load_a = test.busy(self.a, 8)
        self.load_b = test.busy(self.b, 8)
        wait_for_quotas(self.users)
        time.sleep(TWO_INTERVALS)

    def limits_stand(self):
        return quotas_stand(self.users) and all(user.cgroup.memory_max() == LIMIT for user in self.users)


def survives(test, happen):
    """The limits stand again in time, and the same process goes on with its work."""
    contention = Contention(test)
    pid = test.service.main_pid()

    happen()
    done = time.monotonic()
    wait_for(contention.limits_stand, 20, "the limits again")
    test.at_most("limits_after", time.monotonic() - done, TWO_INTERVALS, "s")
    time.sleep(3 * TWO_INTERVALS)
    test.check(contention.limits_stand(), "the limits did not last")
    test.equal("MainPID", test.service.main_pid(), pid)
    test.check(test.service.is_active(), "the service is not active")

    gone = contention.load_b.kill()
    before = contention.a.cgroup.cpu_quota()
    wait_for(lambda: contention.a.cgroup.cpu_quota() != before, 20, "A is given B's share")
    test.at_most("share_lent_after", time.monotonic() - gone, TWO_INTERVALS, "s")


@case("systemctl daemon-reload under load")
def of_daemon_reload(test):
    survives(test, lambda: run("systemctl", "daemon-reload", timeout=90))


@case("systemctl daemon-reexec under load")
def of_daemon_reexec(test):
    survives(test, lambda: run("systemctl", "daemon-reexec", timeout=90))


@case("systemctl restart dbus under load")
def of_bus_restart(test):
    survives(test, lambda: restart_bus(test))


@case("systemctl restart systemd-logind under load")
def of_logind_restart(test):
    survives(test, lambda: run("systemctl", "restart", "systemd-logind.service"))


@case("new users get their limits after a restart of the bus")
def of_new_users_after_bus_restart(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    restart_bus(test)
    user = test.new_user()
    test.busy(user, 1)
    wait_for(lambda: user.cgroup.memory_max() == LIMIT, 10, "the limit of who comes without logind")

    run("systemctl", "restart", "systemd-logind.service")
    user = test.new_user()
    user.linger()
    wait_for(lambda: user.cgroup.memory_max() == LIMIT, 10, "the limit of who comes with logind")


def restart_bus(test):
    """logind does not come back to the new bus by itself."""
    test.defer(run, "systemctl", "restart", "systemd-logind.service")
    run("systemctl", "restart", "dbus.service")


@case("kill -9: quotas are lifted and the service is back", on=SYSTEMD)
def of_a_crash(test):
    contention = Contention(test)
    watch = Watch(no_quota_stands)
    test.defer(watch.close)
    old = test.service.main_pid()

    # Work outside may have ended the contention for a moment; what is not there cannot be lifted.
    wait_for(contention.limits_stand, 20, "the limits, once more")
    killed = Moment()
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: test.service.main_pid() not in (0, old) and test.service.is_active(), 20, "the service is back")
    wait_for(contention.limits_stand, 20, "the limits again")
    test.figure("limits_after", time.time() - killed.time, "s")
    lifted = watch.wait_for(lambda none: none, 1, "quotas lifted", after=killed.time)
    test.at_most("quotas_lifted_after", lifted - killed.time, BACK_AFTER, "s")
    test.at_most("service_back_after", test.service.active_since() - killed.monotonic, BACK_AFTER, "s")


class Moment:
    """Now, by both clocks."""

    def __init__(self):
        self.time = time.time()
        self.monotonic = time.monotonic()


@case("systemctl stop: quotas are lifted, memory limits stay, nothing is left running", on=SYSTEMD)
def of_limits_after_stop(test):
    contention = Contention(test)
    test.service.stop()
    test.equal("quotas", quotas(), {})
    for user in contention.users:
        test.equal(f"CPUQuotaPerSecUSec of {user.slice}", property_of(user.slice, "CPUQuotaPerSecUSec"), "infinity")
        test.equal(f"memory.max of {user.slice}", user.cgroup.memory_max(), LIMIT)
    test.check(not test.service.cgroup.is_populated(), "the service's cgroup has processes")
    test.equal("processes of fairslice", processes_of("fairslice"), [])
    run("systemctl", "daemon-reload")
    test.equal("quotas after daemon-reload", quotas(), {})


def processes_of(name):
    uid = pwd.getpwnam(name).pw_uid
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and os.stat(f"/proc/{pid}").st_uid == uid]


@case("a user who has left is left alone, and has no quota when they come back after a stop")
def of_who_left(test):
    test.configure("[Memory]\nMemoryMax=300M\n")
    test.service.start()
    user, other = test.new_user(), test.user("a")
    user.linger()
    test.busy(other, 8)
    load = test.busy(user, 8)
    wait_for_quotas([user, other])
    calls = test.monitor(SET_UNIT_PROPERTIES)
    user.leave()
    heard = len(calls.property_calls())
    # A call that was under way when PID 1 stopped the slice makes its group anew, and nobody could have known. PID 1
    # has carried it out when it answers this.
    run("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.DBus.Peer", "Ping")
    made_anew = user.cgroup.exists()
    load.stop()
    time.sleep(TWO_INTERVALS)
    late = [call for call in calls.property_calls()[heard:] if call.unit == user.slice]
    test.equal("calls for who has left", late, [])
    test.check(made_anew or not user.cgroup.exists(), "a cgroup is there again while the service runs")
    # systemd keeps an empty cgroup of a slice whose properties are set while it is not there; a quota that waits
    # for the user to come back would be worse.
    test.service.stop()
    test.equal(f"CPUQuotaPerSecUSec of {user.slice}", property_of(user.slice, "CPUQuotaPerSecUSec"), "infinity")


def enable_dbus_broker(test):
    run("systemctl", "enable", "dbus-broker.service", test.service.unit)


# The last of those with a reboot: only another one would bring dbus-daemon back.
@case("after a reboot with dbus-broker in dbus-daemon's place limits are set, and calls answered as before",
      before_reboot=enable_dbus_broker)
def of_another_bus(test):
    test.equal("the bus", property_of("dbus.service", "Id"), "dbus-broker.service")
    test.check(test.service.is_active(), "the service was not started")
    test.service.stop()
    a, b = test.users("ab")
    own = manager("ListSlices", user=a).stdout  # starts the service
    test.check(a.slice in own and b.slice not in own, f"what A may see: {own}")
    test.equal("exit status of what A may not", fairslicectl("set", b.name, "CPUQuota=10%", user=a, check=False).returncode,
               DENIED)
    fairslicectl("set", b.name, "MemoryMax=300M", "--runtime")
    wait_for(lambda: b.cgroup.memory_max() == LIMIT, 10, "the limit")
