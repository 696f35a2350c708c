# SPDX-License-Identifier: LGPL-2.1-or-later
"""fairslicectl, as root or as a user, without a terminal."""

import os

from .command import run

FAIRSLICECTL = os.environ.get("FAIRSLICECTL", "/usr/bin/fairslicectl")
# How it ends (fairslicectl(1)).
NOT_RUNNING = 3
DENIED = 77


def become(user):
    """The words before a command that another user runs; nothing for root."""
    return ["setpriv", f"--reuid={user.uid}", f"--regid={user.uid}", "--init-groups"] if user else []


def fairslicectl(*words, user=None, check=True):
    return run(*become(user), FAIRSLICECTL, *words, check=check, timeout=30,
               env={"LANG": "C.UTF-8", "PATH": os.environ["PATH"]})


def manager(member, *arguments, user=None, check=True):
    """A method of org.fairslice1.Manager, over the system bus."""
    return run(*become(user), "busctl", "call", "--", "org.fairslice1", "/org/fairslice1", "org.fairslice1.Manager", member,
               *arguments, check=check, timeout=30)
