# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host "lab" with the users of stub-service and without a service: this one, in namespaces of its own."""

import ctypes
import os
import pathlib
import socket
import subprocess
import sys

SKIPPED = 77
CLONE_NEWNS, CLONE_NEWUTS = 0x00020000, 0x04000000
USERS = {"root": 0, "alice": 1000, "bob": 1001, "carol": 1002, "dave": 1003, "erin": 1004}  # erin is not logged in
NOW = 1767268800  # FAKE_NOW of tests/support/fake-operations.h
LINES = {"passwd": "{0}:x:{1}:{1}::/:/bin/sh\n", "group": "{0}:x:{1}:\n"}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def enter():
    """This process and what it starts are there from now on. Ends the test where that cannot be had."""
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0:
        print("Has to be run by root, who can be anybody and may make namespaces: skipped.")
        sys.exit(SKIPPED)
    mount("--make-rprivate", "/")
    socket.sethostname("lab")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.mkdir("/run/fairslice", 0o755)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/spool")
    for directory in ("/etc/fairslice", "/usr/lib/fairslice"):
        if os.path.isdir(directory):
            mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", directory)
    for name, line in LINES.items():
        file = pathlib.Path("/run", name)
        file.write_text("".join(line.format(*user) for user in USERS.items()), encoding="utf-8")
        mount("--bind", str(file), f"/etc/{name}")


def make_file(path, age, text=""):
    """A file, and the directories that it is in, for root alone; a path that ends with "/" is a directory."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    if not path.endswith("/"):
        pathlib.Path(path).write_text(text.replace("\\r", "\r").replace("\\n", "\n"), encoding="utf-8")
        os.utime(path, (NOW - int(age), NOW - int(age)))
