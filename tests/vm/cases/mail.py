# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail about kills: from the kernel to a mailbox behind a real server, each kill in exactly one mail per reader."""

import os
import pathlib
import random
import re
import signal
import threading
import time

from harness import NOSYSTEMD, SYSTEMD, case, journal, mail, run, wait_for
from harness.client import fairslicectl
from harness.shortage import LIMIT, limited_users, run_out_of_memory

LIMIT_TEXT = f"{LIMIT}M"
COALESCE = 3
PATIENCE = 90  # an emulated machine takes its time
KILLS = int(os.environ.get("FAIRSLICE_CASE_KILLS", "12"))
KILL_9_SECONDS = 120 + 30 * KILLS


def mailed(server, recipient):
    return [message for message in server.messages() if message.recipient == recipient]


def wait_for_mail(server, recipients):
    """One to each, and no more a while later."""
    wait_for(lambda: all(mailed(server, recipient) for recipient in recipients), PATIENCE, f"mail to {recipients}",
             pause=0.2)
    time.sleep(COALESCE)
    return [mailed(server, recipient) for recipient in recipients]


def wait_until_all_is_sent():
    wait_for(lambda: not mail.waiting() and not mail.sender_pids(), PATIENCE, "nothing is left to be sent", pause=0.2)


@case("fairslice-mail works in its sandbox, with the password as a credential, and ends when nothing is left",
      timeout=300, on=SYSTEMD)
def is_sent_from_the_sandbox(test):
    server = mail.begin(test)
    test.configure(mail.configuration(PasswordFile=""))
    drop_in(test, mail.UNIT, f"[Service]\nLoadCredential=fairslice.smtp-password:{mail.ROOT}/password\n")
    verified = run("systemd-analyze", "verify", "--man=no", mail.UNIT, mail.PATH_UNIT, check=False)
    # systemd 247 does not look for commands without a path where it finds them when it runs them.
    about_mail = [line for line in verified.stderr.splitlines()
                  if "fairslice" in line and not re.search(r"Command \w+ is not executable", line)]
    test.equal("what systemd-analyze verify says", about_mail, [])
    test.figure("exposure", exposure(mail.UNIT))

    begin = time.monotonic()
    fairslicectl("mail", "test", mail.ADMIN)
    wait_for(lambda: mailed(server, mail.ADMIN), PATIENCE, "the mail", pause=0.1)
    test.figure("delivered_after", time.monotonic() - begin, "s")
    wait_until_all_is_sent()
    test.equal("failed", mail.failed(), {})
    test.equal("Result", run("systemctl", "show", "--property=Result", "--value", mail.UNIT).stdout.strip(), "success")


def drop_in(test, unit, text):
    path = pathlib.Path(f"/run/systemd/system/{unit}.d/case.conf")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    test.defer(run, "systemctl", "daemon-reload")
    test.defer(path.unlink)
    run("systemctl", "daemon-reload")


def exposure(unit):
    """The last line of systemd-analyze security, as it is."""
    lines = run("systemd-analyze", "security", "--no-pager", unit, check=False).stdout.splitlines()
    return next((line.split(":", 1)[1].split()[0] for line in lines if "Overall exposure" in line), "unknown")


@case("a process over MemoryMax: one mail to the user and one to the administrator, with count, limit and victim",
      timeout=300, on=SYSTEMD)
def tells_user_and_administrator(test):
    server = mail.begin(test)
    test.configure(mail.configuration())
    user, = limited_users(test, 1)
    killed = time.monotonic()
    run_out_of_memory(test, user)
    to_user, to_admin = wait_for_mail(server, [mail.address_of(user), mail.ADMIN])
    test.figure("mailed_after", time.monotonic() - COALESCE - killed, "s")

    test.equal("mails to the user and the administrator", (len(to_user), len(to_admin)), (1, 1))
    record = journal.out_of_memory_records(test.beginning)[0]
    for message in to_user + to_admin:
        for word in user.name, LIMIT_TEXT, record.get("VICTIM_COMM", ""), record.get("VICTIM_PID", ""):
            test.check(word in message.text, f"{word!r} is not in {message}")
    test.check("end 1 of them" in to_user[0].text, f"not one in {to_user[0]}")
    test.check(re.search(r"Killed: *1\b", to_admin[0].text), f"not one in {to_admin[0]}")
    test.check(user.slice in to_admin[0].text, f"{user.slice} is not in {to_admin[0]}")
    wait_until_all_is_sent()


@case("without systemd the service starts fairslice-mail, and the server takes both mails", timeout=300, on=(NOSYSTEMD,))
def is_sent_without_systemd(test):
    mail.begin(test)
    test.configure(mail.configuration())
    user, = limited_users(test, 1)
    run_out_of_memory(test, user)
    for recipient in mail.address_of(user), mail.ADMIN:
        wait_for(lambda to=recipient: f"to {to}: sent: 250 " in test.service.said(test.beginning), PATIENCE,
                 f"mail to {recipient}", pause=0.2)
    wait_until_all_is_sent()
    test.equal("failed", mail.failed(), {})


@case("kills in quick succession in several slices: each counted in exactly one mail per reader", timeout=400)
def counts_each_once(test):
    server = mail.begin(test)
    mail.install_templates()
    test.configure(mail.configuration(CoalesceSec=f"{COALESCE}s"))
    users = limited_users(test, 3)
    for _ in range(2):
        for user in users:
            run_out_of_memory(test, user)
    killed = sum(user.kills() for user in users)
    wait_for(lambda: mail.kills_told(mailed(server, mail.ADMIN)) == killed, PATIENCE, "all kills in mail", pause=0.5)
    time.sleep(2 * COALESCE)
    all_are_told_once(test, server, users)
    test.check(len(mailed(server, mail.ADMIN)) < killed, "nothing was put together")


@case("the server is down: mail waits, the service goes on, and it is delivered afterwards", timeout=400)
def waits_for_the_server(test):
    server = mail.begin(test)
    test.configure(mail.configuration())
    user, = limited_users(test, 1)
    server.stop()
    run_out_of_memory(test, user)
    wait_for(lambda: len(mail.waiting()) == 2, PATIENCE, "both in the spool", pause=0.2)
    wait_for(lambda: "fairslice-mail" in journal.text(test.beginning, f"--unit={mail.UNIT}"), PATIENCE, "it is said",
             pause=0.5)
    listed = fairslicectl("mail", "list").stdout
    test.check(mail.address_of(user) in listed and mail.ADMIN in listed, f"what waits is not in: {listed}")
    test.at_most("slowest_answer", max(answer_time() for _ in range(10)), 5, "s")

    server.start()
    fairslicectl("mail", "retry")
    to_user, to_admin = wait_for_mail(server, [mail.address_of(user), mail.ADMIN])
    test.equal("mails", (len(to_user), len(to_admin)), (1, 1))
    wait_until_all_is_sent()
    test.equal("failed", mail.failed(), {})


def answer_time():
    begin = time.monotonic()
    fairslicectl("status")
    return time.monotonic() - begin


class Killer:
    """Kills the service and fairslice-mail (SIGKILL), at random moments, until it is closed."""

    def __init__(self, service, seed):
        self.daemon_kills = self.sender_kills = 0
        self._service = service
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(self._chance.uniform(0.5, 4)):
            if self._chance.random() < 0.5:
                self.daemon_kills += self._kill(self._service.main_pid())
            else:
                self.sender_kills += sum(self._kill(pid) for pid in mail.sender_pids())

    @staticmethod
    def _kill(pid):
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def close(self):
        self._ended.set()
        self._thread.join()


@case("kill -9 of the service and of fairslice-mail all the time: every kill is in the journal and in exactly one mail",
      timeout=KILL_9_SECONDS)
def survives_kill_9(test):
    server = mail.begin(test)
    mail.install_templates()
    allow_many_starts(test)
    test.configure(mail.configuration())
    users = limited_users(test, 3)
    seed = int(time.time())
    test.figure("seed", seed)
    killer = Killer(test.service, seed)
    test.defer(killer.close)
    for number in range(KILLS):
        run_out_of_memory(test, users[number % len(users)])
    killer.close()
    wait_for(test.service.is_active, PATIENCE, "the service is back", pause=0.2)

    test.figure("killed_daemon", killer.daemon_kills)
    test.figure("killed_sender", killer.sender_kills)
    killed = sum(user.kills() for user in users)
    wait_for(lambda: missing_in_journal(test, users) == {}, PATIENCE, "every kill is in the journal", pause=0.5)
    fairslicectl("mail", "retry")
    wait_for(lambda: mail.kills_told(mailed(server, mail.ADMIN)) >= killed, PATIENCE, "every kill is in a mail", pause=1)
    wait_until_all_is_sent()
    time.sleep(2)
    all_are_told_once(test, server, users)
    test.figure("recorded_twice", sum(kills_in_journal(test).values()) - killed)
    test.figure("sent_twice", len(server.messages()) - len({message.id for message in server.messages()}))


def all_are_told_once(test, server, users):
    test.equal("kills told to the administrator", mail.kills_told(mailed(server, mail.ADMIN)),
               sum(user.kills() for user in users))
    for user in users:
        test.equal(f"kills told to {user}", mail.kills_told(mailed(server, mail.address_of(user))), user.kills())


def kills_in_journal(test):
    counts = {}
    for record in journal.out_of_memory_records(test.beginning):
        counts[record["SLICE"]] = counts.get(record["SLICE"], 0) + int(record["OOM_KILLS"])
    return counts


def allow_many_starts(test):
    """systemd gives up on what is started five times in ten seconds."""
    drop_in(test, test.service.unit, "[Unit]\nStartLimitIntervalSec=0\n")


def missing_in_journal(test, users):
    """A record may be there twice, if the service was killed before it had written down that it was sent."""
    found = kills_in_journal(test)
    return {user.slice: user.kills() for user in users if found.get(user.slice, 0) < user.kills()}
