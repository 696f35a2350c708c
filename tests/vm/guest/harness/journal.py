# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asking the journal."""

import json
import pathlib
import re

from .command import Failure, run

CATALOG = pathlib.Path("/usr/lib/systemd/catalog/fairslice.catalog")


def cursor():
    """Where the journal ends now."""
    run("journalctl", "--sync")
    return json.loads(run("journalctl", "--lines=1", "--output=json", "--all").stdout)["__CURSOR"]


def entries(after, *matches):
    """The entries since a cursor, as dictionaries."""
    run("journalctl", "--sync")
    output = run("journalctl", f"--after-cursor={after}", "--output=json", "--all", *matches).stdout
    return [json.loads(line) for line in output.splitlines()]


def text(after, *words):
    """The same as lines to read; words are matches or options of journalctl."""
    run("journalctl", "--sync")
    return run("journalctl", f"--after-cursor={after}", "--no-pager", *words).stdout


def out_of_memory_id():
    """The message ID of fairslice's own record, from the installed catalog."""
    for entry in re.split(r"^-- ", CATALOG.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        identifier, _, rest = entry.partition("\n")
        subject = re.search(r"^Subject:(.*)$", rest, flags=re.MULTILINE)
        if subject and "memory" in subject.group(1).lower():
            return identifier.split()[0].replace("-", "")
    raise Failure(f"{CATALOG} has no entry about memory")


def out_of_memory_records(after):
    return entries(after, f"MESSAGE_ID={out_of_memory_id()}")
