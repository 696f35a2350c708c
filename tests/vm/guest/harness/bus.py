# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watching the system bus with busctl monitor."""

import itertools
import json
import subprocess
import threading
import time

from .command import Failure, run, wait_for

_MARKER_INTERFACE = "org.fairslice.Test"
_markers = itertools.count(1)

SET_UNIT_PROPERTIES = "type='method_call',interface='org.freedesktop.systemd1.Manager',member='SetUnitProperties'"
USER_NEW = "type='signal',interface='org.freedesktop.login1.Manager',member='UserNew'"


class PropertyCall:
    """A call of SetUnitProperties."""

    def __init__(self, message):
        self.unit, self.runtime, properties = message["payload"]["data"]
        self.properties = {name: value["data"] for name, value in properties}
        self.realtime = message["timestamp-realtime"] / 1e6

    def __repr__(self):
        return f"{self.unit} {self.properties}"


class Monitor:
    """Collects the messages that match a rule, from when it is made until close().

    The messages of a bus arrive in order. So sync() sends one of its own and
    waits for it: all that was sent before is then in the list, and none is
    missed however busy the machine is.
    """

    def __init__(self, rule):
        self._messages = []
        self._marker = 0
        self._process = subprocess.Popen(
            ["busctl", "--json=short", "monitor", f"--match={rule}", f"--match=interface='{_MARKER_INTERFACE}'"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(self._hears_marker, 30, "busctl monitor listens")

    def _read(self):
        for line in self._process.stdout:
            message = json.loads(line)
            message.setdefault("timestamp-realtime", time.time() * 1e6)  # systemd 247 has none
            if message.get("interface") == _MARKER_INTERFACE:
                self._marker = message["payload"]["data"][0]
            elif message.get("member") not in ("NameAcquired", "NameLost"):
                self._messages.append(message)

    def _hears_marker(self):
        marker = self._send_marker()
        try:
            wait_for(lambda: self._marker == marker, 0.5, "marker heard")
        except Failure:
            return False
        return True

    @staticmethod
    def _send_marker():
        marker = next(_markers)
        run("busctl", "emit", "/org/fairslice/Test", _MARKER_INTERFACE, "Marker", "u", marker)
        return marker

    def sync(self):
        if self._process.poll() is not None:
            raise Failure("busctl monitor has ended")
        marker = self._send_marker()
        wait_for(lambda: self._marker == marker, 30, "busctl monitor caught up")

    def messages(self):
        self.sync()
        return list(self._messages)

    def property_calls(self):
        """The calls of SetUnitProperties for users' slices."""
        calls = [PropertyCall(message) for message in self.messages()]
        return [call for call in calls if call.unit.startswith("user-")]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
