# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting until somebody writes to a control file. Whoever looks at it all the time takes CPU time from those who are
measured, and much of it where each instruction is emulated."""

import contextlib
import ctypes
import errno
import os
import select
import time

from .clock import urgent

IN_MODIFY, IN_CREATE = 0x2, 0x100
EVENTS_SIZE = 65536
LOOK_ANYWAY = 0.25  # seconds; a file that goes away is no event

_libc = ctypes.CDLL(None, use_errno=True)


class _Directories:
    """Some that may not be there yet, each below one that is, and what is written to the files in them."""

    def __init__(self, paths):
        self._paths = [os.fsencode(path) for path in paths]
        self._descriptor = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self.add_new()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        os.close(self._descriptor)

    def _add(self, path, events):
        if _libc.inotify_add_watch(self._descriptor, path, ctypes.c_uint32(events)) < 0 and ctypes.get_errno() != errno.ENOENT:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", path)

    def add_new(self):
        """Before the files are read: what is written afterwards is not missed."""
        for path in self._paths:
            self._add(os.path.dirname(path), IN_CREATE)
            self._add(path, IN_MODIFY)

    def wait(self, seconds):
        """Until something was written or made, but no longer than that."""
        select.select([self._descriptor], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, EVENTS_SIZE)


def wait_for_write(files, condition, timeout):
    """When (time.monotonic()) the condition, which depends on what stands in these control files, first was true; or
    None."""
    end = time.monotonic() + timeout
    with urgent(), _Directories({file.parent for file in files}) as directories:
        while True:
            directories.add_new()
            with contextlib.suppress(OSError):
                if condition():
                    return time.monotonic()
            if time.monotonic() >= end:
                return None
            directories.wait(min(LOOK_ANYWAY, end - time.monotonic()))
