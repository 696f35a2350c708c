# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a case is handed: the service, users, loads, checks; and all is put back after it."""

import contextlib
import time

from . import loads
from .bus import Monitor
from .command import Failure
from .service import Service, write_drop_in
from .session import Session


class Test:
    def __init__(self, users):
        self.service = Service()
        self.figures = []
        self._users = users
        self._cleanup = contextlib.ExitStack()
        self.beginning = time.time()

    def prepare(self):
        self.service.reset()
        self.beginning = time.time()

    def close(self):
        """Also after a failure, and after half a prepare()."""
        self._cleanup.close()
        self.service.reset()

    def defer(self, function, *arguments):
        """To be called when the case is over, last one first."""
        self._cleanup.callback(function, *arguments)

    # Users and what they do

    def user(self, letter):
        """One of the three who are always there: a, b, c."""
        return self._users.staying(letter)

    def users(self, letters):
        return [self.user(letter) for letter in letters]

    def new_user(self):
        """Has no slice until they linger, log in, or run a load."""
        user = self._users.new()
        self.defer(user.leave)
        return user

    def busy(self, user, processes):
        return self._started(loads.busy(user, processes))

    def steady(self, user, percent):
        return self._started(loads.steady(user, percent))

    def allocate(self, user, mebibytes, *seconds):
        return self._started(loads.allocate(user, mebibytes, *seconds))

    def run_out(self, user, times, mebibytes, pause):
        """Processes that are killed for memory, one after the other."""
        return self._started(loads.run_out(user, times, mebibytes, pause))

    def _started(self, load):
        self.defer(load.stop)
        return load

    def session(self, *command):
        """A login on a terminal, as `su -l NAME`."""
        session = Session(*command)
        self.defer(session.close)
        return session

    # The service

    def configure(self, text, name="50-case"):
        """Adds a drop-in to the base configuration; the service is not told."""
        return write_drop_in(name, text)

    def monitor(self, rule):
        monitor = Monitor(rule)
        self.defer(monitor.close)
        return monitor

    # Findings

    def figure(self, name, value, unit=""):
        self.figures.append((name, value, unit))

    @staticmethod
    def check(condition, message):
        if not condition:
            raise Failure(message)

    def equal(self, what, found, expected):
        self.check(found == expected, f"{what}: {found!r}, must be {expected!r}")

    def at_least(self, name, value, bound, unit=""):
        self.figure(name, value, unit)
        self.check(value >= bound, f"{name}: {value:.4g} {unit}, must be at least {bound:g}")

    def between(self, name, value, low, high, unit=""):
        self.figure(name, value, unit)
        self.check(low <= value <= high, f"{name}: {value:.4g} {unit}, must be from {low:g} to {high:g}")

    def at_most(self, name, value, bound, unit=""):
        self.figure(name, value, unit)
        self.check(value <= bound, f"{name}: {value:.4g} {unit}, must be at most {bound:g}")
