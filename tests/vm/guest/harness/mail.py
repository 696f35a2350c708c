# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mail server with a mailbox, and what the service and fairslice-mail have of mail."""

import email.policy
import os
import pathlib
import pwd
import re
import shutil
import socket

from .command import run, wait_for
from .machine import KIND, WITHOUT_SYSTEMD
from .service import SPOOL, TEMPLATES

DOMAIN = "example.org"
ADMIN = f"admins@{DOMAIN}"
PATH_UNIT = "fairslice-mail.path"
UNIT = "fairslice-mail.service"
# Not in /tmp, which is another one in the unit's sandbox.
ROOT = pathlib.Path("/var/lib/fairslice-test-mail")
PASSWORD = "correct horse battery staple"

MASTER = """
smtp inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 2
config_directory = {root}/etc
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log/postfix
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {root}/box
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {root}/whole.pem
smtpd_tls_key_file = {root}/whole.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = localhost
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_client_connection_rate_limit = 0
"""


class Postfix:
    """With STARTTLS and a login, and one mailbox for all addresses of the domain."""

    def __init__(self):
        user = pwd.getpwnam("postfix")
        shutil.rmtree(ROOT, ignore_errors=True)
        for name in ("etc", "queue", "data", "box", "log"):
            (ROOT / name).mkdir(mode=0o755, parents=True)
        for name in ("data", "box"):
            os.chown(ROOT / name, user.pw_uid, user.pw_gid)
        values = {"root": ROOT, "domain": DOMAIN, "uid": user.pw_uid, "gid": user.pw_gid}
        (ROOT / "etc/main.cf").write_text(MAIN.format_map(values), encoding="ascii")
        (ROOT / "etc/master.cf").write_text(MASTER, encoding="ascii")
        self._make_certificate()
        self._make_login(user)

    @staticmethod
    def _make_certificate():
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", ROOT / "key.pem", "-out", ROOT / "certificate.pem")
        whole = ROOT / "whole.pem"
        whole.write_text((ROOT / "key.pem").read_text() + (ROOT / "certificate.pem").read_text(), encoding="ascii")
        whole.chmod(0o600)

    @staticmethod
    def _make_login(user):
        run("sh", "-c", 'printf %s "$1" | saslpasswd2 -p -c -u localhost fairslice', "sh", PASSWORD)
        os.chown("/etc/sasldb2", user.pw_uid, user.pw_gid)
        password = ROOT / "password"
        password.write_text(PASSWORD + "\n", encoding="ascii")
        password.chmod(0o600)
        shutil.chown(password, "fairslice")

    def start(self):
        run("postfix", "-c", ROOT / "etc", "start", timeout=90)
        wait_for(self._answers, 60, "the mail server answers", pause=0.2)

    def stop(self):
        run("postfix", "-c", ROOT / "etc", "stop", check=False, timeout=90)

    def remove(self):
        self.stop()
        shutil.rmtree(ROOT)
        os.unlink("/etc/sasldb2")

    @staticmethod
    def _answers():
        with socket.create_connection(("127.0.0.1", 25), 5) as connection:
            return connection.recv(100).startswith(b"220")

    @staticmethod
    def said():
        return (ROOT / "log/postfix").read_text(encoding="utf-8", errors="replace")

    @staticmethod
    def messages():
        """All that was delivered, in the order of their times."""
        paths = sorted((ROOT / "box/all/new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [Message(path) for path in paths]


class Message:
    def __init__(self, path):
        self._parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        self.recipient = self._parsed["Delivered-To"]
        self.subject = self._parsed["Subject"]
        self.id = self._parsed["Message-ID"]
        self.text = self._parsed.get_content()

    def __repr__(self):
        return f"<{self.recipient}: {self.subject}\n{self.text}>"


# Text of our own, with what is to be counted: KILLS slices 3.
COUNTED = "Subject: kills\n\nKILLS=@KILLS@\n"


def install_templates():
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    for name in "oom-user", "oom-admin":
        (TEMPLATES / f"{name}.txt").write_text(COUNTED, encoding="ascii")


def kills_told(messages):
    """The sum over messages with the text above. Of two with the same Message-ID one counts: who is killed before the
    server's word is written down sends a second time."""
    by_id = {message.id: message for message in messages}
    return sum(int(kills) for message in by_id.values()
               for kills in re.findall(r"^KILLS=(\d+)", message.text, flags=re.MULTILINE))


def configuration(**keys):
    """For the server above; every user has an address, and there is one of the administrators. Kills alone are told."""
    keys = {"Server": "smtp://localhost:25", "CAFile": ROOT / "certificate.pem", "User": "fairslice",
            "PasswordFile": ROOT / "password", "From": f"fairslice@{DOMAIN}", "UserAddress": f"@USER@@{DOMAIN}",
            "AdminAddress": ADMIN, "CoalesceSec": "1s", "MessagesPerDay": 1000, **keys}
    return "[OOM]\nWarnAt=0\n[Mail]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())


def address_of(user):
    return f"{user.name}@{DOMAIN}"


def waiting():
    """The names of the messages that are in the spool and not sent."""
    return sorted(path.name for path in (SPOOL / "new").glob("*.eml"))


def failed():
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in (SPOOL / "failed").glob("*.reason")}


def sender_pids():
    """Of fairslice-mail."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _name_of(pid) == "fairslice-mail"]


def _name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def begin(test):
    """A server that answers, and what starts fairslice-mail; all gone after the case."""
    # Kills in other cases, while no service ran, are told to nobody.
    test.service.start()
    test.service.stop()
    server = Postfix()
    test.defer(server.remove)
    server.start()
    if KIND in WITHOUT_SYSTEMD:
        run("systemd-tmpfiles", "--create", "fairslice.conf")
    else:
        run("systemctl", "start", PATH_UNIT)
    return server
