# SPDX-License-Identifier: LGPL-2.1-or-later
"""A login on a terminal, through PAM."""

import os
import pty
import signal
import termios
import threading

from .command import Failure, wait_for


class Session:
    """Runs a command that logs somebody in, as if typed at a terminal."""

    def __init__(self, *command):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.execvp(command[0], command)
        self._output = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while data := os.read(self._terminal, 4096):
                self._output.append(data)
        except OSError:  # the other side has closed
            pass

    def type(self, line):
        os.write(self._terminal, line.encode() + b"\n")

    def type_password(self, line):
        """Once nothing is shown any more; what is typed before may be thrown away."""
        wait_for(lambda: not termios.tcgetattr(self._terminal)[3] & termios.ECHO, 10, "the terminal shows nothing")
        self.type(line)

    def output(self):
        return b"".join(self._output).decode(errors="replace")

    def wait_for(self, text, timeout=30):
        """Until this was written."""
        try:
            wait_for(lambda: text in self.output(), timeout, "")
        except Failure:
            raise Failure(f"{text!r} is not on the terminal: {self.output()!r}") from None

    def close(self):
        """Hangs up; who does not end by that is killed."""
        os.kill(self._pid, signal.SIGHUP)
        try:
            wait_for(self._has_ended, 5, "end of the session", pause=0.1)
        except Failure:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def _has_ended(self):
        return os.waitpid(self._pid, os.WNOHANG)[0] != 0
