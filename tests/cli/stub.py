# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with stub-service on it, for what calls org.fairslice1 from outside."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

BUS_CONFIGURATION = """<busconfig>
  <listen>unix:path={}/bus</listen>
  <auth>EXTERNAL</auth>
  {}
  <policy context='default'>
    <allow user='*'/>
    <allow own='*'/>
    <allow send_destination='*' eavesdrop='false'/>
    <allow receive_sender='*' eavesdrop='false'/>
  </policy>
</busconfig>
"""


@contextlib.contextmanager
def process(command, **options):
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    try:
        if not child.stdout.readline():
            raise RuntimeError(f"{command[0]} did not start")
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@contextlib.contextmanager
def bus(environment, more=""):
    """A system bus for who has this environment, with more in its configuration."""
    with tempfile.TemporaryDirectory(prefix="fairslice-bus-") as directory:
        os.chmod(directory, 0o755)
        environment["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={directory}/bus"
        configuration = pathlib.Path(directory, "conf")
        configuration.write_text(BUS_CONFIGURATION.format(directory, more), encoding="utf-8")
        daemon = ["dbus-daemon", f"--config-file={configuration}", "--print-address", "--nofork", "--nopidfile"]
        with process(daemon, stderr=subprocess.DEVNULL):
            yield


@contextlib.contextmanager
def service(stub, words, environment):
    """A bus, and the service on it; yields what it says."""
    with bus(environment), process([stub, *words], env=environment) as child:
        yield child.stdout
