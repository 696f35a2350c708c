# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real fairsliced on this very kernel, with a journal, users whose memory runs out, and mail.

All in mounts of their own: /run and /var/spool are empty, and /etc is a copy with some users more. systemd's journald
runs without systemd: it needs nothing of it.
"""

import ctypes
import json
import mmap
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import traceback

from real_host import (
    HIERARCHIES, MS_BIND, cgroup_mounts, eventually, expect, libc, mount, own_mounts, remove_slices, set_death_signal,
    skip)

FIRST_UID = 61830
TEMPLATES = pathlib.Path(__file__).parents[2] / "templates"
SPOOL = pathlib.Path("/var/spool/fairslice")
CONFIG = pathlib.Path("/etc/fairslice/fairsliced.conf")
JOURNALD = pathlib.Path("/lib/systemd/systemd-journald")
PRIVATE_SOCKET = pathlib.Path("/run/fairslice/private")
MIB = 1 << 20
LIMIT = 16 * MIB
EATEN = 64 * MIB
PAGE = 4096
PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36
JOURNALD_CONF = """\
[Journal]
Storage=volatile
Audit=no
RateLimitIntervalSec=0
ForwardToWall=no
ForwardToSyslog=no
"""


def leave_out_old_lines():
    """journald goes on with the kernel's lines behind those that are there: it would stamp them as of now."""
    log, following = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), 0
    while True:
        try:
            following = int(os.read(log, 8192).split(b",")[1]) + 1
        except BlockingIOError:
            break
        except BrokenPipeError:  # lines were overwritten before they could be read
            continue
    os.close(log)
    pathlib.Path("/run/systemd/journal/kernel-seqnum").write_bytes(struct.pack("=Q", following))


class User:
    """Has a process in the slice that does nothing, and others that are killed there for memory when it is ordered. These
    are children of a process outside of it: the kernel may kill whoever asks for memory beside a process that is dying."""

    def __init__(self, uid, name, hierarchies):
        self.uid, self.name, self.slice = uid, name, f"user-{uid}.slice"
        self.groups = [f"{path}/user.slice/{self.slice}/cgroup.procs" for path in hierarchies]
        self.victims = []  # PIDs
        self.busy = False
        orders, self.orders = os.pipe()
        self.results, results = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.orders)
                os.close(self.results)
                set_death_signal()
                self._live(orders, results)
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(orders)
        os.close(results)
        os.set_blocking(self.results, False)

    def _become(self):
        os.setgroups([])
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)
        set_death_signal()  # a change of the UID takes it away
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _live(self, orders, results):
        if os.fork() == 0:
            self._become()
            while True:
                signal.pause()
        while order := os.read(orders, 64):
            count, _, name = order.partition(b" ")
            children = [self._eater(name) for _ in range(int(count))]
            for pid in children:
                status = os.waitpid(pid, 0)[1]
                os.write(results, b"%d %d\n" % (pid, status))
            os.write(results, b"done\n")
        os._exit(0)

    def _eater(self, name):
        pid = os.fork()
        if pid:
            return pid
        pathlib.Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        for group in self.groups:
            pathlib.Path(group).write_text("0", encoding="ascii")
        self._become()
        libc.prctl(PR_SET_NAME, ctypes.c_char_p(name))
        memory = mmap.mmap(-1, EATEN, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for offset in range(0, EATEN, PAGE):
            memory[offset] = 1
        os._exit(0)

    def run_out(self, processes, name):
        """Has so many processes of this name killed; until collect() says True there is nothing else to order."""
        assert not self.busy
        self.busy = True
        os.write(self.orders, b"%d %s" % (processes, name[:15]))

    def collect(self):
        """Notes who was killed. Whether it is over."""
        while self.busy:
            try:
                text = os.read(self.results, 65536)
            except BlockingIOError:
                break
            expect(text, f"{self.name}'s process has ended")
            for line in text.splitlines():
                if line == b"done":
                    self.busy = False
                else:
                    pid, status = map(int, line.split())
                    expect(status == signal.SIGKILL, f"{self.name}'s {pid} was not killed but ended with {status:#x}")
                    self.victims.append(pid)
        return not self.busy


class MemoryHost:
    """To be made before the process has threads."""

    def __init__(self, program, mail_program, users):
        if not JOURNALD.exists():
            skip(f"there is no {JOURNALD}")
        self.program, self.mail_program = pathlib.Path(program).resolve(), pathlib.Path(mail_program).resolve()
        own_mounts()
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)  # a fairslice-mail whose parent was killed becomes ours
        self.path, _ = cgroup_mounts()
        self.fd = {c: os.open(self.path[c], os.O_RDONLY | os.O_DIRECTORY) for c in HIERARCHIES}
        names = {FIRST_UID + i: f"eater{i}" for i in range(users)}
        self._make_directories(names)
        self.log = pathlib.Path("/run/fairsliced.log")
        self.service = None
        self.lives = 0
        leave_out_old_lines()
        self.journald = subprocess.Popen([JOURNALD], preexec_fn=set_death_signal, stderr=subprocess.DEVNULL)
        self.users = [User(uid, name, self.path.values()) for uid, name in names.items()]
        eventually(lambda: pathlib.Path("/run/systemd/journal/socket").exists() and
                   any(pathlib.Path("/run/log/journal").glob("*/system.journal")), "journald does not start")

    def _make_directories(self, names):
        etc = pathlib.Path(tempfile.mkdtemp(prefix="fairslice-etc-"))
        try:
            shutil.copytree("/etc", etc / "etc", symlinks=True, dirs_exist_ok=True)
            mount("tmpfs", "/run", "tmpfs", data="mode=755")
            shutil.copytree(etc / "etc", "/run/etc", symlinks=True)
        finally:
            shutil.rmtree(etc)
        mount("/run/etc", "/etc", None, MS_BIND)
        mount("tmpfs", "/var/spool", "tmpfs", data="mode=755")
        with open("/etc/passwd", "a", encoding="utf-8") as passwd, open("/etc/group", "a", encoding="utf-8") as group:
            for uid, name in {**names, FIRST_UID - 1: "fairslice"}.items():
                passwd.write(f"{name}:x:{uid}:{uid}::/:/bin/false\n")
                group.write(f"{name}:x:{uid}:\n")
        os.makedirs("/run/systemd/journal")
        shutil.copytree(TEMPLATES, "/etc/fairslice/templates", dirs_exist_ok=True)
        pathlib.Path("/etc/systemd/journald.conf").write_text(JOURNALD_CONF, encoding="ascii")
        self._install_mail_program()
        SPOOL.mkdir()
        os.chown(SPOOL, FIRST_UID - 1, FIRST_UID - 1)
        SPOOL.chmod(0o2770)

    def _install_mail_program(self):
        """Where the service looks for it, without a change of the host's own directory."""
        mount("/usr/sbin", "/run/sbin", None, MS_BIND)
        mount("tmpfs", "/usr/sbin", "tmpfs", data="mode=755")
        for name in os.listdir("/run/sbin"):
            os.symlink(f"/run/sbin/{name}", f"/usr/sbin/{name}")
        pathlib.Path("/usr/sbin/fairslice-mail").unlink(missing_ok=True)
        shutil.copy(self.mail_program, "/usr/sbin/fairslice-mail")
        self.mail_program = pathlib.Path("/usr/sbin/fairslice-mail")

    def configure(self, mail=""):
        CONFIG.write_text(f"[Manager]\nMinUID={FIRST_UID}\nIntervalSec=1s\n[Memory]\nMemoryMax={LIMIT}\n{mail}",
                          encoding="ascii")

    # ---- the service ----

    def start(self, *options):
        log = open(self.log, "ab")
        self.service = subprocess.Popen(
            [self.program, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=set_death_signal,
            env=os.environ | {"STATE_DIRECTORY": "/run/state"})
        log.close()
        self.lives += 1

    def kill(self):
        self.service.kill()
        self.service.wait()

    def stop(self):
        self.service.terminate()
        expect(self.service.wait(60) == 0, "fairsliced fails at its end")

    def is_running(self):
        return self.service is not None and self.service.poll() is None

    def limits_stand(self):
        def of(user):
            try:
                return int(self._file(user, "memory.limit_in_bytes").read_text(encoding="ascii"))
            except OSError:
                return 0
        return all(of(user) == LIMIT for user in self.users)

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    # ---- what has happened ----

    def _file(self, user, name):
        return pathlib.Path(f"{self.path['memory']}/user.slice/{user.slice}/{name}")

    def kernel_kills(self, user):
        """What the kernel has counted in the user's slice."""
        lines = self._file(user, "memory.oom_control").read_text(encoding="ascii").splitlines()
        return int(dict(line.split() for line in lines)["oom_kill"])

    def journal(self, *matches):
        """Records as dictionaries, oldest first. A field that is there more than once is a list."""
        subprocess.run(["journalctl", "--sync"], check=False, stderr=subprocess.DEVNULL)
        output = subprocess.run(
            ["journalctl", "--directory=/run/log/journal", "--output=json", "--all", "--no-pager", *matches],
            check=True, stdout=subprocess.PIPE).stdout
        return [json.loads(line) for line in output.splitlines()]

    def mail_processes(self):
        """PIDs of fairslice-mail, the service's children or ours, which run."""
        found = []
        for parent in [os.getpid()] + ([self.service.pid] if self.is_running() else []):
            try:
                children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
            except OSError:
                continue
            found += [int(pid) for pid in children if self._is_mail(pid)]
        return found

    def _is_mail(self, pid):
        try:
            return os.stat(f"/proc/{pid}/exe").st_ino == os.stat(self.mail_program).st_ino
        except OSError:
            return False

    # ---- the end ----

    def reap(self):
        """Those whose parent was killed."""
        for pid in self._orphans():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass

    def _orphans(self):
        ours = {user.pid for user in self.users} | {self.journald.pid, self.service.pid if self.service else 0}
        text = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
        return [pid for pid in map(int, text.split()) if pid not in ours]

    def end(self):
        if self.is_running():
            self.kill()
        for pid in [user.pid for user in self.users] + self.mail_processes():
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        self.journald.terminate()
        self.journald.wait()
        time.sleep(0.1)
        remove_slices(self.fd.values())
