# SPDX-License-Identifier: LGPL-2.1-or-later
"""python_loop.py PAUSE ROUNDS DIRECTORY FILE - what people write to see who uses how much.

DIRECTORY is user.slice, and FILE the name of what has a slice's CPU time: cpu.stat or cpuacct.usage. Prints the CPU time of all
rounds after the first, in nanoseconds, and how much of its memory was resident at most, in bytes.
"""

import os
import pathlib
import re
import sys
import time


def read_usage(path):
    """In microseconds."""
    with open(path, encoding="ascii") as file:
        text = file.read()
    if path.endswith("cpuacct.usage"):
        return int(text) // 1000
    return int(dict(line.split() for line in text.splitlines())["usage_usec"])


def look(directory, counter):
    slices = {}
    for name in os.listdir(directory):
        if name.startswith("user-") and name.endswith(".slice"):
            try:
                slices[name] = read_usage(os.path.join(directory, name, counter))
            except FileNotFoundError:
                pass  # it has just gone
    return slices


def rates(before, after, seconds):
    return {name: (after[name] - before[name]) / seconds for name in after if name in before}


def most_resident_bytes():
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return 1024 * int(re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE).group(1))


def main():
    pause, rounds, where = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    before, then, used = look(*where), time.monotonic(), 0
    for _ in range(rounds):
        time.sleep(pause)
        begin = time.process_time_ns()
        after, now = look(*where), time.monotonic()
        rates(before, after, now - then)
        before, then = after, now
        used += time.process_time_ns() - begin
    print(used, most_resident_bytes())


main()
