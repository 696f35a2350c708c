# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the real fairsliced on this very kernel share: whether they can be run here, and mounts of their own."""

import ctypes
import fcntl
import os
import pathlib
import signal
import subprocess
import sys
import time

HIERARCHIES = ["cpu", "cpuacct", "memory"]
LOCK = "/tmp/fairslice-native-test.lock"
DEADLINE = 60
SKIPPED = 77

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1, 32, 4096, 16384, 1 << 18, 2
CLONE_NEWNS, PR_SET_PDEATHSIG = 0x20000, 1


class Failure(Exception):
    pass


def skip(why):
    print(f"SKIPPED: {why}.", file=sys.stderr)
    sys.exit(SKIPPED)


def expect(condition, what):
    if not condition:
        raise Failure(what)


def eventually(condition, what, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, what)
        time.sleep(0.02)


# ---- mounts ----


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, kind=None, flags=0, data=""):
    os.makedirs(target, exist_ok=True)
    kind = kind and kind.encode()
    call(libc.mount(os.fsencode(source), os.fsencode(target), kind, flags, data.encode()))


def unmount(target):
    call(libc.umount2(os.fsencode(target), MNT_DETACH))


def own_mounts():
    """From now on this process and its children see mounts of their own."""
    call(libc.unshare(CLONE_NEWNS))
    call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))


def set_death_signal():
    """This process goes with its parent."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def cgroup_mounts():
    """Where each controller is mounted, and the whole of version 1's mounts."""
    found, every = {}, []
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        before, after = line.rstrip("\n").split(" - ", 1)
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup":
            every.append(before.split(" ")[4])
            for controller in set(options.split(",")) & set(HIERARCHIES):
                found.setdefault(controller, every[-1])
    return found, every


# ---- groups ----


def _groups_in(fd, path):
    try:
        return [e.name for e in os.scandir(f"/proc/self/fd/{fd}/{path}") if e.is_dir()]
    except FileNotFoundError:
        return []


def _remove_group(fd, path):
    try:
        os.rmdir(path, dir_fd=fd)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def remove_slices(hierarchies):
    """What a test that failed has left. Descriptors of the hierarchies' roots."""
    for fd in hierarchies:
        for _ in range(100):  # the kernel holds a group for a moment after its last process
            for name in _groups_in(fd, "user.slice"):
                _remove_group(fd, f"user.slice/{name}")
            if _remove_group(fd, "user.slice"):
                break
            time.sleep(0.02)


# ---- whether it can be run here ----


def check_host():
    if os.geteuid() != 0:
        skip("this test moves processes on the real kernel, and has to be root")
    if pathlib.Path("/run/systemd/system").exists():
        skip("systemd is PID 1, and makes the groups itself")
    path, _ = cgroup_mounts()
    if set(path) != set(HIERARCHIES) or len(set(path.values())) != len(HIERARCHIES):
        skip("this test needs version 1's cpu, cpuacct and memory, each in a hierarchy of its own")
    if subprocess.run(["unshare", "--mount", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        skip("no mount namespaces can be made here")


def take_lock():
    """Held until the process ends. There is one user.slice, and it has to be this test's."""
    path, _ = cgroup_mounts()
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    for _ in range(300):  # another test without the lock may be at its end
        if not any(os.path.exists(f"{path[c]}/user.slice") for c in HIERARCHIES):
            return
        time.sleep(0.1)
    skip("this host has a user.slice already, and it is not this test's")
