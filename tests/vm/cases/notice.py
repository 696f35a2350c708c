# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users are told at once that memory ran out."""

import json
import pathlib
import re
import time

from harness import NOSYSTEMD, SYSTEMD, Failure, case, journal, loads, run, wait_for
from harness.client import become
from harness.shortage import limited_user, run_out_of_memory

SECONDS = 60  # an emulated machine takes its time to start a unit


def notice_id():
    found = re.search(r"^-- (\w+)\nSubject: Your memory", journal.CATALOG.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise Failure(f"{journal.CATALOG} has no entry about notices")
    return found.group(1)


def terminal(test, user, mesg):
    """Of the user, as a terminal emulator has it, after what mesg(1) does, which not every machine has."""
    mode = {"y": "g+w", "n": "g-w"}[mesg]
    session = test.session(*become(user), "script", "--quiet", "--command",
                           f"chmod {mode} $(tty) && echo ready; sleep 1000", "/dev/null")
    session.wait_for("ready")
    return session


def own_records(user):
    """What the user finds with journalctl."""
    run("journalctl", "--sync")
    done = run(*become(user), "journalctl", "--output=json", "--no-pager", f"MESSAGE_ID={notice_id()}", check=False)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def finds_it_in_own_journal(test, user, count=1):
    wait_for(lambda: len(own_records(user)) >= count, SECONDS, f"{count} record(s) in the journal of {user}", pause=0.5)
    records = own_records(user)
    test.equal(f"records in the journal of {user}", len(records), count)
    for record in records:
        test.equal("_UID", record["_UID"], str(user.uid))
        test.equal("SYSLOG_IDENTIFIER", record["SYSLOG_IDENTIFIER"], "fairslice")
        test.check("ended" in record["MESSAGE"], f"not what happened: {record['MESSAGE']}")
    return records


@case("a user with a desktop gets the notification, and finds it with journalctl", timeout=240, on=SYSTEMD)
def is_shown_on_the_desktop(test):
    user = limited_user(test)
    desktop = loads.Load(user, "desktop", f"/run/user/{user.uid}/bus")
    test.defer(desktop.stop)
    wait_for(lambda: "ready" in desktop.output(), SECONDS, "a desktop", pause=0.5)
    session = terminal(test, user, "y")
    killed = run_out_of_memory(test, user)
    wait_for(lambda: "summary" in desktop.output(), SECONDS, "the notification", pause=0.2)
    test.figure("notification_after_kill", time.time() - killed, "s")
    shown, = (json.loads(line) for line in desktop.output().splitlines() if line.startswith("{"))
    test.check(shown["summary"].endswith("ran out"), f"summary: {shown}")
    test.equal("urgency", shown["urgency"], 2)
    record, = finds_it_in_own_journal(test, user)
    test.equal("body", shown["body"], record["MESSAGE"])
    written = pathlib.Path(f"/run/user/{user.uid}/fairslice-notify-shown")
    wait_for(written.exists, SECONDS, "until when the user was told")
    test.equal("owner of that file", written.stat().st_uid, user.uid)
    test.check("ran out" not in session.output(), "on the terminal as well")


@case("a user on a pseudo-terminal gets the line, if they take messages, and finds it with journalctl", timeout=240,
      on=SYSTEMD)
def is_written_to_the_terminal(test):
    user = limited_user(test)
    told, quiet = terminal(test, user, "y"), terminal(test, user, "n")
    killed = run_out_of_memory(test, user)
    told.wait_for("ran out", SECONDS)
    test.figure("line_after_kill", time.time() - killed, "s")
    finds_it_in_own_journal(test, user)
    test.check("ran out" not in quiet.output(), "on a terminal that takes no messages")


@case("without systemd a user gets the line too", timeout=240, on=(NOSYSTEMD,))
def is_written_without_systemd(test):
    user = limited_user(test)
    told, quiet = terminal(test, user, "y"), terminal(test, user, "n")
    killed = run_out_of_memory(test, user)
    told.wait_for("ran out", SECONDS)
    test.figure("line_after_kill", time.time() - killed, "s")
    test.check("ran out" not in quiet.output(), "on a terminal that takes no messages")


@case("several kills in a row are told in few notices, and none is lost", timeout=300)
def is_told_at_most_each_five_seconds(test):
    user = limited_user(test)
    before, started = user.kills(), time.time()
    for _ in range(5):
        run_out_of_memory(test, user)
    lasted, kills = time.time() - started, user.kills() - before
    wait_for(lambda: told_kills(user) >= kills, SECONDS, "notices of all kills", pause=0.5)
    test.equal("kills in notices", told_kills(user), kills)
    test.at_most("notices", len(own_records(user)), lasted / 5 + 2)


def told_kills(user):
    found = [re.match(r"(\d+) of your programs|One of your|Your program", record["MESSAGE"]) for record in own_records(user)]
    return sum(int(match.group(1) or 1) for match in found if match)


@case("NotifyUsers=no tells nobody", timeout=240)
def is_told_to_nobody(test):
    test.configure("[OOM]\nNotifyUsers=no\n")
    user = limited_user(test)
    session = terminal(test, user, "y")
    run_out_of_memory(test, user)
    time.sleep(15)
    test.equal("records", own_records(user), [])
    test.check("ran out" not in session.output(), "on the terminal")


def start_as_service_user(unit):
    return run("runuser", "-u", "fairslice", "--", "systemctl", "--no-ask-password", "start", unit, check=False)


@case("polkit lets the service's user start the notice of a user and nothing like it")
def starts_one_unit_only(test):
    test.service.start()
    test.equal("exit status", start_as_service_user(f"fairslice-notify@{test.user('a').uid}.service").returncode, 0)
    for unit in ("fairslice-notify@.service", "fairslice-notify@x.service", "fairslice-notify@1000x.service"):
        test.check(start_as_service_user(unit).returncode != 0, f"allowed for {unit}")


@case("systemd-analyze security finds little to object to in the notice")
def is_confined(test):
    told = run("systemd-analyze", "security", "--no-pager", "fairslice-notify@1000.service").stdout
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    test.check(level, f"no level in: {told[-300:]}")
    test.at_most("exposure", float(level.group(1)), 1.5)
