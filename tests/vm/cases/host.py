# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service makes of the host: its backend, and what its unit may do there."""

import os
import pathlib
import re

from harness import EVERYWHERE, LEGACY, NATIVE, NOSYSTEMD, SYSTEMD, UNIFIED, case, machine, run

BACKENDS = {UNIFIED: "systemd", LEGACY: "cgroup1", NOSYSTEMD: "cgroup2", NATIVE: "cgroup1"}
DROP_IN = pathlib.Path("/run/systemd/generator/fairsliced.service.d/50-fairslice-host.conf")
POLKIT_WITH_RULES = pathlib.Path("/usr/lib/polkit-1/polkitd")


@case("Backend=auto takes the one for this host, and says so and why in one line", on=EVERYWHERE)
def has_its_backend(test):
    test.service.start()
    lines = re.findall(r"Backend (\S+): (.+)\.$", test.service.said(test.beginning), flags=re.MULTILINE)
    test.equal("backends named", [name for name, _ in lines], [BACKENDS[machine.KIND]])
    test.figure("reason", lines[0][1])


@case("the unit is root's only where it has to be, and never has a capability", on=SYSTEMD)
def has_its_unit(test):
    root = machine.KIND == LEGACY or not POLKIT_WITH_RULES.exists()
    test.equal("a drop-in of the generator", DROP_IN.exists(), root)
    for name, expected in (("User", "root" if root else "fairslice"),
                           ("ProtectControlGroups", "no" if machine.KIND == LEGACY else "yes"),
                           ("CapabilityBoundingSet", ""), ("NoNewPrivileges", "yes")):
        test.equal(name, test.service.show(name), expected)

    test.service.start()
    pid = test.service.main_pid()
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    test.equal("capabilities", re.findall(r"^Cap\w+:\t(\w+)$", status, flags=re.MULTILINE), ["0" * 16] * 5)
    owner = os.stat("/run/fairslice").st_uid
    test.equal("owner of /run/fairslice", owner, os.stat(f"/proc/{pid}").st_uid)


@case("systemd-analyze security finds little to object to", on=SYSTEMD)
def keeps_the_service_confined(test):
    told = run("systemd-analyze", "security", "--no-pager", test.service.unit).stdout
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    test.check(level, f"no level in: {told[-300:]}")
    test.at_most("exposure", float(level.group(1)), 1.5)
