# SPDX-License-Identifier: LGPL-2.1-or-later
"""Running commands, and waiting for what they cause."""

import subprocess
import time


class Failure(Exception):
    """What a case found is not what it must find."""


def run(*words, check=True, timeout=60, **options):
    """Runs a command and returns it with its output as text; Failure if it fails."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace",
                              timeout=timeout, stdin=subprocess.DEVNULL, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(words)}: not done after {timeout} s") from None
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(words)}: exit status {done.returncode}: {done.stderr.strip()}")
    return done


def wait_for(condition, timeout, what, pause=0.02):
    """Calls condition until it is true; returns how many seconds that took.

    What raises OSError (a file that is not there yet) is not true yet.
    """
    start = time.monotonic()
    while True:
        try:
            if condition():
                return time.monotonic() - start
        except OSError:
            pass
        if time.monotonic() - start > timeout:
            raise Failure(f"after {timeout} s still not: {what}")
        time.sleep(pause)
