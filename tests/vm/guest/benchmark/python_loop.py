# SPDX-License-Identifier: LGPL-2.1-or-later
"""python_loop.py PAUSE ROUNDS DIRECTORY... - what people write to see who uses how much.

Each DIRECTORY is user.slice in one hierarchy. Prints the CPU time of all rounds after the first, in nanoseconds,
and how much of its memory was resident at most, in bytes.
"""

import os
import pathlib
import re
import sys
import time

COUNTERS = "cpuacct.usage", "cpu.stat"


def read_slice(path):
    """The CPU time, and how often it was throttled, as far as they are in this hierarchy."""
    found = {}
    for name in COUNTERS:
        try:
            with open(os.path.join(path, name), encoding="ascii") as file:
                text = file.read()
        except FileNotFoundError:
            continue
        if name == "cpuacct.usage":
            found["usage"] = int(text) // 1000
        else:
            keys = dict(line.split() for line in text.splitlines())
            if "usage_usec" in keys:
                found["usage"] = int(keys["usage_usec"])
            found["throttled"] = int(keys.get("nr_throttled", 0))
    return found


def look(directories):
    slices = {}
    for directory in directories:
        for name in os.listdir(directory):
            if name.startswith("user-") and name.endswith(".slice"):
                slices.setdefault(name, {}).update(read_slice(os.path.join(directory, name)))
    return slices


def rates(before, after, seconds):
    return {name: (after[name]["usage"] - before[name]["usage"]) / seconds for name in after if name in before}


def most_resident_bytes():
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return 1024 * int(re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE).group(1))


def main():
    pause, rounds, directories = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    before, then, used = look(directories), time.monotonic(), 0
    for _ in range(rounds):
        time.sleep(pause)
        begin = time.process_time_ns()
        after, now = look(directories), time.monotonic()
        rates(before, after, now - then)
        before, then = after, now
        used += time.process_time_ns() - begin
    print(used, most_resident_bytes())


main()
