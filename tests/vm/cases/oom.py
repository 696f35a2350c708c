# SPDX-License-Identifier: LGPL-2.1-or-later
"""A record in the journal for each time that memory ran out."""

import os
import re
import statistics
import time

from harness import LEGACY, MIB, NATIVE, SYSTEMD, UNIFIED, case, journal, kernel, run, wait_for
from harness.shortage import LIMIT, TOO_MUCH, limited_user, run_out_of_memory


def records_about(test, user, count=1):
    """Waits for that many, and a while longer, for there must be no more."""
    def records():
        return [r for r in journal.out_of_memory_records(test.beginning) if r.get("SLICE") == user.slice]
    wait_for(lambda: len(records()) >= count, 15, f"{count} record(s) about {user.slice}", pause=0.2)
    time.sleep(3)
    found = records()
    test.equal(f"records about {user.slice}", len(found), count)
    return found


@case("a process over MemoryMax: one record within a second, with user, limit and victim", on=SYSTEMD)
def is_recorded(test):
    user = limited_user(test)
    killed = run_out_of_memory(test, user)
    record, = records_about(test, user)

    test.at_most("record_after_kill", int(record["__REALTIME_TIMESTAMP"]) / 1e6 - killed, 1, "s")
    test.equal("USER_ID", record["USER_ID"], str(user.uid))
    test.equal("USER_NAME", record["USER_NAME"], user.name)
    test.equal("OOM_KILLS", record["OOM_KILLS"], "1")
    test.equal("MEMORY_MAX", record["MEMORY_MAX"], str(LIMIT * MIB))
    test.check(int(record["MEMORY_CURRENT"]) <= LIMIT * MIB, "MEMORY_CURRENT is above the limit")
    command, pid = kernel.victims(user.uid)[-1]
    test.equal("VICTIM_PID", record.get("VICTIM_PID"), pid)
    test.equal("VICTIM_COMM", record.get("VICTIM_COMM"), command)


@case("journalctl -x explains the record")
def is_explained(test):
    user = limited_user(test)
    run_out_of_memory(test, user)
    records_about(test, user)
    text = journal.text(test.beginning, "--catalog", f"MESSAGE_ID={journal.out_of_memory_id()}")
    for word in ("Subject:", user.slice, user.name, str(LIMIT * MIB), "systemctl reload fairsliced"):
        test.check(word in text, f"{word!r} is not in: {text}")


@case("a kill while the service was stopped is recorded once, when it starts", on=SYSTEMD)
def is_made_up_for(test):
    user = limited_user(test)
    test.service.stop()
    run_out_of_memory(test, user)
    test.service.start()
    records_about(test, user)
    test.service.restart()
    records_about(test, user)


@case("a kill and the end of its slice right after it: recorded once")
def is_recorded_when_the_slice_goes(test):
    user = limited_user(test)
    run_out_of_memory(test, user)
    user.leave()
    records_about(test, user)


@case("a kill that ends the slice by itself: recorded once", on=SYSTEMD)
def is_recorded_when_it_ends_the_slice(test):
    user = test.new_user()
    test.configure(f"[User {user.name}]\nMemoryMax={LIMIT}M\n")
    test.service.start()
    test.allocate(user, TOO_MUCH)
    wait_for(lambda: not user.cgroup.exists(), 30, "end of the slice")
    records_about(test, user)


@case("several kills, one after another: none is lost, none told twice")
def are_all_counted(test):
    user = limited_user(test)
    for _ in range(3):
        run_out_of_memory(test, user)
        time.sleep(2)
    records = [r for r in journal.out_of_memory_records(test.beginning) if r.get("SLICE") == user.slice]
    test.equal("kills in all records", sum(int(r["OOM_KILLS"]) for r in records), 3)


@case("a limit that is reached without a kill makes no record of a kill")
def needs_a_kill(test):
    user = limited_user(test)
    run("systemd-run", "--quiet", "--wait", "--collect", f"--uid={user.name}", f"--slice={user.slice}",
        "/bin/sh", "-c", f"head -c {TOO_MUCH}M /dev/zero >~/file; cat ~/file >/dev/null; rm ~/file", timeout=90)
    time.sleep(2)
    test.equal("kills", user.kills(), 0)
    test.equal("records", len(journal.out_of_memory_records(test.beginning)), 0)


KILLS = int(os.environ.get("FAIRSLICE_CASE_KILLS", "12"))
SMALL_LIMIT, PAUSE = 64, 0.7


def run_out_again_and_again(test, user):
    """PID of each victim to the time.time() of the kernel's line. The two clocks do not go alike, and are compared each
    second."""
    clocks = [kernel.clock()]
    load = test.run_out(user, KILLS, 2 * SMALL_LIMIT, PAUSE)
    wait_for(lambda: clocks.append(kernel.clock()) or not load.is_running(), 1200, f"{KILLS} kills", pause=1)
    found = {}
    for entry in journal.entries(test.beginning, "_TRANSPORT=kernel"):
        killed = re.search(rf"Killed process (\d+) .* UID:{user.uid} ", entry["MESSAGE"])
        stamp = int(entry["_SOURCE_MONOTONIC_TIMESTAMP"]) / 1e6
        if killed and stamp > clocks[0][0]:  # before that: of another user who had this UID
            its, ours = min(clocks, key=lambda both: abs(both[0] - stamp))
            found[killed.group(1)] = ours + stamp - its
    return found


@case(f"{KILLS} kills, one after the other: how long each takes to its record", timeout=1500,
      on=(UNIFIED, LEGACY, NATIVE))
def is_recorded_soon(test):
    with journal.running():
        user = test.new_user()
        test.configure(f"[User {user.name}]\nMemoryMax={SMALL_LIMIT}M\n")
        test.service.start()
        user.linger()
        wait_for(lambda: user.cgroup.memory_max() == SMALL_LIMIT * MIB, 30, "the limit")
        killed = run_out_again_and_again(test, user)
        time.sleep(1)
        records = journal.entries(test.beginning, f"SLICE={user.slice}")
        test.service.stop()
    # From the kernel's line to the moment at which the record was at journald's socket.
    told = {r["VICTIM_PID"]: int(r["_SOURCE_REALTIME_TIMESTAMP"]) / 1e6 for r in records if r.get("OOM_KILLS") == "1"}
    test.equal("processes killed", len(killed), KILLS)
    test.equal("who was killed, in the records", sorted(told), sorted(killed))
    delays = sorted(1000 * (told[pid] - killed[pid]) for pid in told)
    test.figure("record_after_kill_median", statistics.median(delays), "ms")
    test.figure("record_after_kill_99th_percentile", delays[int(0.99 * len(delays)) - 1], "ms")
    test.figure("record_after_kill_longest", delays[-1], "ms")
