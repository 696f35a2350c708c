# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of fairslice-mail share: a spool, a configuration, the program, certificates."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = float(os.environ.get("FAIRSLICE_TEST_PATIENCE", "60"))  # seconds until what should happen has failed
T0 = 1795332922000000


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"waited in vain until {what}")


def text_of(number):
    return (f"From: <fairslice@example.org>\r\nTo: <alice@example.org>\r\nMessage-ID: <{number}@host.example.org>\r\n"
            f"Subject: number {number}\r\n\r\nfirst\r\n.\r\n..two dots\r\nlast {number}\r\n")


class Host:
    """A spool of its own, removed at the end."""

    def __init__(self, mail_program, put_program):
        self.program, self.put_program = mail_program, put_program
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fairslice-mail-"))
        self.spool = self.directory / "spool"
        self.spool.mkdir(mode=0o700)
        self.config = self.directory / "mail.conf"
        self.log = self.directory / "log"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind:
            print("---- log\n" + self.said())
        shutil.rmtree(self.directory)

    def configure(self, server, *, scheme="smtp", host="127.0.0.1", timeout="5s", **keys):
        lines = ["[Mail]", "From=fairslice@example.org", f"TimeoutSec={timeout}"]
        if server:
            lines.append(f"Server={scheme}://{host}:{getattr(server, 'port', server)}")
        keys.setdefault("TLS", "no")
        lines += [f"{key}={value}" for key, value in keys.items()]
        new = self.config.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.rename(self.config)

    def put(self, number, kind="kill", recipient="alice@example.org", text=None):
        result = subprocess.run(
            [self.put_program, self.spool, kind, str(T0 + number), f"n{number}", recipient],
            input=(text or text_of(number)).encode(), stdout=subprocess.PIPE, check=True)
        return int(result.stdout)

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--verbose", f"--config={self.config}", f"--spool={self.spool}"],
            stderr=open(self.log, "ab"), stdout=subprocess.DEVNULL)

    def is_ready(self):
        """Signals do not end it any more, or it has ended."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                blocked = next(line for line in status if line.startswith("SigBlk"))
        except (OSError, StopIteration):
            return True
        return int(blocked.split()[1], 16) & 1 or self.process.poll() is not None

    def finish(self):
        """Waits for the end by itself."""
        status = self.process.wait(PATIENCE)
        assert status == 0, f"fairslice-mail ended with {status}"

    def stop(self):
        wait_for("it is ready", self.is_ready)
        self.process.send_signal(signal.SIGTERM)
        self.finish()

    def retry(self):
        wait_for("it is ready", self.is_ready)
        self.process.send_signal(signal.SIGHUP)

    def said(self):
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def names(self, place, suffix=".eml"):
        directory = self.spool / place
        return sorted(p.name for p in directory.iterdir() if p.name.endswith(suffix)) if directory.exists() else []

    def count(self, place):
        return len(self.names(place))

    def reason(self):
        """Of the only message that has failed."""
        [name] = self.names("failed", ".reason")
        return (self.spool / "failed" / name).read_text()

    def server_state(self):
        path = self.spool / "server"
        return path.read_text() if path.exists() else ""

    def retry_state(self):
        files = [p for p in (self.spool / "retry").iterdir() if not p.name.startswith(".")]
        return files[0].read_text() if files else ""

    def wait_for_state(self, words, where="server"):
        state = self.server_state if where == "server" else self.retry_state
        wait_for(f"{words!r} is noted of the {where}", lambda: words in state())

    def make_certificate(self, name="cert", subject="IP:127.0.0.1"):
        path = self.directory / f"{name}.pem"
        key = self.directory / f"{name}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=mail", "-addext", f"subjectAltName={subject}",
             "-keyout", key, "-out", path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        whole = self.directory / f"{name}-whole.pem"
        whole.write_text(key.read_text() + path.read_text())
        return whole, path

    def make_password(self, text="secret", mode=0o600):
        path = self.directory / "password"
        path.write_text(text + "\n")
        os.chmod(path, mode)
        return path
