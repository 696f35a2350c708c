# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel says: whom it killed for memory."""

import os
import re

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
