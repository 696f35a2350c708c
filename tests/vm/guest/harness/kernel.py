# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel says: whom it killed for memory, and when."""

import os
import re
import time

_VICTIM = re.compile(r"oom-kill:.*,task=(.*),pid=(\d+),uid=(\d+)$")


class _Log:
    """All lines since boot. Reads on where it stopped."""

    def __init__(self):
        self._file = None
        self._lines = []

    def lines(self):
        if self._file is None:
            self._file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        while True:
            try:
                record = os.read(self._file, 8192).decode(errors="replace")
            except BlockingIOError:
                return self._lines
            except BrokenPipeError:  # lines were overwritten before they could be read
                continue
            self._lines.append(record.partition(";")[2].partition("\n")[0])


_log = _Log()


def victims(uid):
    """(command, PID) of each process of this user that was killed for memory, from the kernel's own lines."""
    found = (_VICTIM.search(line) for line in _log.lines())
    return [match.groups()[:2] for match in found if match and int(match.group(3)) == uid]


def clock():
    """(its clock, time.time()) at the same moment: how the lines are stamped is nobody else's clock. In seconds.

    A line of ours is written for it; the kernel takes ten in five seconds.
    """
    log = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.lseek(log, 0, os.SEEK_END)
        line = f"fairslice-test: {time.monotonic_ns()}"
        before = time.time()
        os.write(log, f"{line}\n".encode())
        after = time.time()
        while True:
            record = os.read(log, 8192).decode(errors="replace")
            if line in record:
                return int(record.split(",")[2]) / 1e6, (before + after) / 2
    finally:
        os.close(log)
