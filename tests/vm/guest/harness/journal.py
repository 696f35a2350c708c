# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asking the journal."""

import contextlib
import json
import pathlib
import re
import subprocess

from .command import Failure, run, wait_for

CATALOG = pathlib.Path("/usr/lib/systemd/catalog/fairslice.catalog")
DAEMON = pathlib.Path("/lib/systemd/systemd-journald")
SOCKET = pathlib.Path("/run/systemd/journal/socket")


def entries(since, *matches):
    """The entries since a time (time.time()), as dictionaries.

    Not since a cursor: with matches, journalctl of systemd 252 then leaves out the first entry.
    """
    run("journalctl", "--sync")
    output = run("journalctl", f"--since=@{since:.6f}", "--output=json", "--all", *matches).stdout
    return [{name: _as_text(value) for name, value in json.loads(line).items()} for line in output.splitlines()]


def _as_text(value):
    """Bytes that are no text are a list of numbers there; what a field has several times is a list of texts."""
    if isinstance(value, list) and all(isinstance(byte, int) for byte in value):
        return bytes(value).decode("utf-8", errors="replace")
    return value


def text(since, *words):
    """The same as lines to read; words are matches or options of journalctl."""
    run("journalctl", "--sync")
    return run("journalctl", f"--since=@{since:.6f}", "--no-pager", *words).stdout


def out_of_memory_id():
    """The message ID of fairslice's own record, from the installed catalog."""
    for entry in re.split(r"^-- ", CATALOG.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        identifier, _, rest = entry.partition("\n")
        subject = re.search(r"^Subject:(.*)$", rest, flags=re.MULTILINE)
        if subject and "memory" in subject.group(1).lower():
            return identifier.split()[0].replace("-", "")
    raise Failure(f"{CATALOG} has no entry about memory")


def out_of_memory_records(since):
    return entries(since, f"MESSAGE_ID={out_of_memory_id()}")


@contextlib.contextmanager
def running():
    """Makes sure that there is one: journald runs without systemd as well, and /run and /etc are the cases' own there."""
    if SOCKET.exists():
        yield
        return
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path("/etc/systemd/journald.conf").write_text("[Journal]\nStorage=volatile\nAudit=no\n", encoding="ascii")
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", DAEMON], stderr=subprocess.DEVNULL) as daemon:
        try:
            wait_for(SOCKET.exists, 30, "journald has its socket")
            yield
        finally:
            daemon.terminate()
            daemon.wait()
            SOCKET.unlink(missing_ok=True)
