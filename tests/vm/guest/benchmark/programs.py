# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of tests/bench/loads, and the files in which they leave what they found."""

import itertools
import os
import pathlib
import struct

_LOADS = pathlib.Path(os.environ.get("FAIRSLICE_LOADS", "/nonexistent"))
_RESULTS = pathlib.Path("/run/fairslice-benchmark")
_numbers = itertools.count(1)


def program(name):
    return _LOADS / f"load-{name}"


class Result:
    """A file that a program of the user writes to."""

    def __init__(self, user=None):
        _RESULTS.mkdir(mode=0o755, exist_ok=True)
        self.path = _RESULTS / f"{next(_numbers)}"
        self.path.write_bytes(bytes(8))
        if user:
            os.chown(self.path, user.uid, -1)

    def counter(self):
        return struct.unpack("=Q", self.path.read_bytes())[0]

    def words(self):
        return self.path.read_text(encoding="ascii").split()

    def remove(self):
        self.path.unlink(missing_ok=True)
