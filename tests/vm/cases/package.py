# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian package: installed, used, upgraded and purged, with nothing left."""

import os
import pathlib
import pwd
import shutil
import tarfile

from harness import MIB, case, run, wait_for
from harness.limits import quotas, wait_for_quotas

JOB = pathlib.Path(__file__).resolve().parent.parent / "job"
BUILD = JOB / "installed.tar"
PACKAGES = JOB / "packages"
UNIT = "fairsliced.service"
UNITS = UNIT, "fairslice-mail.path"
CONFIGURATION = pathlib.Path("/etc/fairslice/fairsliced.conf.d/10-case.conf")
# Where a package may leave something; what changes there by itself is not looked into.
TREES = "/etc", "/usr", "/var/lib", "/var/spool", "/run"
OTHERS = ("/run/systemd/", "/run/user", "/run/log", "/run/udev", "/run/fairslice-test", "/var/lib/systemd/catalog",
          "/var/lib/apt", "/var/lib/dpkg/triggers", "/var/lib/polkit-1", "/var/lib/systemd/linger")


def files():
    found = {str(path) for path in pathlib.Path("/run/systemd").rglob("*fairslice*")}
    for tree in TREES:
        for directory, folders, names in os.walk(tree):
            found.update(os.path.join(directory, name) for name in folders + names)
    return {path for path in found
            if not path.startswith(OTHERS) or ("/run/systemd/" in path and "fairslice" in path)}


def accounts():
    return [pathlib.Path(f"/etc/{name}").read_text(encoding="utf-8") for name in ("passwd", "group")]


def limits(user):
    return (user.cgroup.cpu_quota(), user.cgroup.cpu_weight(), user.cgroup.memory_max(), user.cgroup.memory_high())


def reload_all():
    run("systemctl", "daemon-reload")
    run("busctl", "--quiet", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "ReloadConfig")


def remove_build():
    """What guest/start has installed."""
    with tarfile.open(BUILD) as tar:
        for member in tar:
            path = pathlib.Path("/") / member.name
            if not member.isdir():
                path.unlink(missing_ok=True)
    for directory in ("/etc/fairslice", "/run/fairslice", "/run/fairslice-notify", "/usr/lib/fairslice", "/var/lib/fairslice",
                      "/var/spool/fairslice"):
        shutil.rmtree(directory, ignore_errors=True)
    run("userdel", "fairslice")
    reload_all()


def restore_build():
    run("dpkg", "--purge", "fairslice", check=False, timeout=120)
    run("tar", "-xf", BUILD, "-C", "/", "--keep-directory-symlink", "--no-overwrite-dir")
    run("systemd-sysusers")
    run("systemd-tmpfiles", "--create", "fairslice.conf")
    reload_all()


def package(index):
    """The older one, or what it is upgraded to."""
    return sorted(PACKAGES.glob("fairslice_*.deb"), key=lambda path: "+" in path.name)[index]


def ask_units(*questions):
    """systemctl would be content with one of them."""
    for question in questions:
        for unit in UNITS:
            run("systemctl", question, unit)


def install(path):
    run("apt-get", "--quiet", "--yes", "-o", "Dir::Etc::SourceList=/dev/null", "-o", "Dir::Etc::SourceParts=/dev/null",
        "install", path, timeout=300, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def is_installed(version):
    return run("dpkg-query", "--show", "--showformat=${Version}", "fairslice").stdout == version


def use(test, a, b):
    """Limits of every kind: fair shares, configured ones, and those that were set over the bus."""
    CONFIGURATION.write_text("[Manager]\nIntervalSec=1s\n[Memory]\nMemoryMax=300M\n[CPU]\nCPUWeight=150\n",
                             encoding="utf-8")
    run("systemctl", "reload", UNIT)
    wait_for(lambda: b.cgroup.memory_max() == 300 * MIB, 20, "the configured limit")
    run("fairslicectl", "set", a.name, "MemoryMax=200M")
    run("fairslicectl", "set", b.name, "MemoryHigh=250M", "--runtime")
    wait_for(lambda: a.cgroup.memory_max() == 200 * MIB, 5, "the limit that was set for good")
    wait_for(lambda: b.cgroup.memory_high() == 250 * MIB, 5, "the limit that was set for now")
    test.busy(a, 4)
    test.busy(b, 4)
    wait_for_quotas([a, b])


def upgrade(test, a, b):
    pid = run("systemctl", "show", "--property=MainPID", "--value", UNIT).stdout
    run("dpkg", "--install", package(1), timeout=300)
    test.check(is_installed(package(1).name.split("_")[1]), "the new version is not installed")
    test.check(run("systemctl", "show", "--property=MainPID", "--value", UNIT).stdout != pid, "not restarted")
    ask_units("is-active")
    test.equal("memory.max of A", a.cgroup.memory_max(), 200 * MIB)
    test.equal("memory.high of B", b.cgroup.memory_high(), 250 * MIB)
    wait_for_quotas([a, b])
    wait_for(lambda: "200M" in run("fairslicectl", "cat", a.name).stdout, 5, "what was set, after the upgrade")


@case("the package is installed, used, upgraded and purged, and nothing is left", timeout=900)
def leaves_nothing(test):
    a, b = test.users("ab")
    test.defer(restore_build)
    remove_build()
    files_before, accounts_before, limits_before = files(), accounts(), [limits(a), limits(b)]

    install(package(0))
    ask_units("is-active", "is-enabled")
    pwd.getpwnam("fairslice")
    test.check(a.name in run("fairslicectl", "list").stdout, "fairslicectl does not list A")
    use(test, a, b)
    upgrade(test, a, b)

    run("apt-get", "--quiet", "--yes", "remove", "fairslice", timeout=300)
    test.equal("quotas once it is removed", quotas(), {})
    test.equal("limits once it is removed", [limits(a), limits(b)], limits_before)
    test.check(CONFIGURATION.exists(), "the configuration was removed already")

    run("dpkg", "--purge", "fairslice", timeout=300)
    test.equal("files that are left", sorted(files() - files_before), [])
    test.equal("files that are gone", sorted(files_before - files()), [])
    test.equal("passwd and group", accounts(), accounts_before)
    for unit in UNITS:
        test.check(run("systemctl", "cat", unit, check=False).returncode != 0, f"{unit} is still known")
    test.check(run("busctl", "introspect", "org.fairslice1", "/org/fairslice1", check=False).returncode != 0,
               "the name can still be had on the bus")
