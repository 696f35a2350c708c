# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a process has used, as the kernel counts it."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time


def _proc(pid, name):
    return pathlib.Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")


def _threads(pid):
    return os.listdir(f"/proc/{pid}/task")


def cpu_seconds(pid):
    """Of all threads that there are, exactly, not in ticks; where the kernel does not count it so, in ticks."""
    with contextlib.suppress(FileNotFoundError):  # without task/, schedstat is of the first thread alone
        return sum(int(_proc(pid, f"task/{thread}/schedstat").split()[0]) for thread in _threads(pid)) / 1e9
    user, system = _proc(pid, "stat").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _bytes(pid, name):
    return 1024 * int(re.search(rf"^{name}:\s*(\d+) kB", _proc(pid, "status"), re.MULTILINE).group(1))


def resident_bytes(pid):
    return _bytes(pid, "VmRSS")


def most_resident_bytes(pid):
    """That it has had at any time."""
    return _bytes(pid, "VmHWM")


def private_bytes(pid):
    """Without what it maps of files, which others may share."""
    return _bytes(pid, "RssAnon")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def wake_ups(pid):
    """How often it slept and was woken."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", _proc(pid, f"task/{thread}/status"),
                             re.MULTILINE).group(1)) for thread in _threads(pid))


def _calls_in(table):
    """All rows of what `strace -c` prints; what its last one, the total, has depends on its version."""
    # % time, seconds, usecs/call, calls, perhaps errors, name
    rows = [words for words in (line.split() for line in table.splitlines()) if len(words) in (5, 6) and words[3].isdigit()]
    return sum(int(words[3]) for words in rows if words[-1] != "total")


def system_calls(pid, seconds):
    """In so many seconds; None where there is no strace, or it may not or cannot follow the process to the end."""
    try:
        with subprocess.Popen(["strace", "-f", "-c", "-qq", "-p", str(pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as strace:
            time.sleep(seconds)
            ended = strace.poll() is not None
            strace.send_signal(signal.SIGINT)
            table = strace.communicate(timeout=30)[1]
    except FileNotFoundError:
        return None
    return None if ended else _calls_in(table)


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
