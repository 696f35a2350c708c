# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users whose memory is limited, and runs out."""

import time

from .command import wait_for

LIMIT = 100  # MiB, MemoryMax= of the users
TOO_MUCH = 200


def limited_users(test, count):
    """Starts the service; it is configured before."""
    users = [test.new_user() for _ in range(count)]
    test.configure("".join(f"[User {user.name}]\nMemoryMax={LIMIT}M\n" for user in users), "60-users")
    test.service.start()
    for user in users:
        user.linger()
    wait_for(lambda: all(user.cgroup.memory_max() == LIMIT << 20 for user in users), 20, "the limits")
    return users


def limited_user(test):
    user, = limited_users(test, 1)
    return user


def run_out_of_memory(test, user):
    """Returns when (time.time()) the kernel counted the kill."""
    kills = user.kills()
    test.allocate(user, TOO_MUCH)
    wait_for(lambda: user.kills() > kills, 90, "a kill", pause=0.005)  # an emulated machine takes its time
    return time.time()
