# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private socket, as the unit confines the service."""

import re

from harness import case, run


def call(user, member, check=True):
    return run("runuser", "-u", user, "--", "dbus-send", "--peer=unix:path=/run/fairslice/private", "--print-reply",
               "/org/fairslice1", f"org.fairslice1.Manager.{member}", check=check)


def slices(user):
    return set(re.findall(r'string "(user-\d+\.slice)"', call(user, "ListSlices").stdout))


@case("root sees all slices on the private socket, users their own, whatever the unit hides from the service")
def tells_by_uid(test):
    test.service.start()
    a, b = test.user("a"), test.user("b")
    test.check({a.slice, b.slice} <= slices("root"), "root does not see all")
    test.equal("a's", slices(a.name), {a.slice})
    test.equal("b's", slices(b.name), {b.slice})


@case("Reload() on the private socket is for root")
def reloads_for_root(test):
    test.service.start()
    refused = call(test.user("a").name, "Reload", check=False)
    test.check(refused.returncode != 0 and "AccessDenied" in refused.stderr, f"not refused: {refused.stderr}")
    call("root", "Reload")
