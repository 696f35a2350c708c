# SPDX-License-Identifier: LGPL-2.1-or-later
"""Being in time on a host whose CPUs are all busy."""

import contextlib
import os
import time


@contextlib.contextmanager
def urgent():
    """What is done inside goes before all users' work, where the kernel allows that; what it starts does not."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def sleep_until(when):
    """When time.monotonic() is that."""
    time.sleep(max(0.0, when - time.monotonic()))
