# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all contenders are asked to do."""

import time

from harness import Failure
from harness.loads import Load
from harness.service import Service, write_drop_in

from ..places import Place
from ..programs import program


class Contender:
    letter = "?"
    title = ""

    def begin(self, parts):
        """Before the users do anything; their parts of the load, by user."""
        raise NotImplementedError

    def groups(self, _user):
        """Directories that what the user starts has to be put into."""
        return []

    def end(self):
        raise NotImplementedError

    def check(self):
        """Failure if it has not been there all the time since begin()."""

    def said(self):
        """What the service has logged since begin(), if there is one."""
        return "there is no service"

    def start(self, user, name, *arguments):
        """A program of tests/bench/loads."""
        return Load(user, program(name), *arguments, groups=self.groups(user))


class WithoutService(Contender):
    controllers = "cpuacct", "cpu"

    def __init__(self):
        self.place = Place(self.controllers)

    def begin(self, parts):
        self.place.make(parts)

    def groups(self, user):
        return self.place.groups(user)

    def end(self):
        self.place.remove()


class WithService(Contender):
    policy = ""

    def __init__(self):
        self.service = Service()
        self._begun, self._pid = 0.0, 0

    def begin(self, parts):
        """All that is not about weights is the default."""
        self.service.reset()
        text = f"[CPU]\nSharePolicy={self.policy}\n"
        for user, part in parts.items():
            text += f"[User {user.name}]\nCPUWeight={part.weight}\n"
        write_drop_in("50-benchmark", text)
        self._begun = time.time()
        self.service.start()
        self._pid = self.service.main_pid()

    def check(self):
        """Who has crashed has left its limits, and may have been started again."""
        if not self.service.is_active() or self.service.main_pid() != self._pid:
            raise Failure(f"the service has ended meanwhile: {self.said()}")

    def end(self):
        self.service.reset()

    def said(self):
        return self.service.said(self._begun)
