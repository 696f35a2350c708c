# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mail server that does what a test tells it to, and remembers what it has promised to deliver."""

import base64
import re
import socket
import ssl
import threading
import time


class Torn(Exception):
    """The connection ends here."""


class Server:
    """Answers as `script` says: a step of the conversation ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT",
    "DATA", "message") to what is done there: a text that is sent as the answer, or a function of (session, argument)
    that returns one, or None if all has been done. Steps that are not named go well."""

    def __init__(self, script=None, certificate=None, tls_at_once=False, extensions=("8BITMIME",), password=None):
        self.script = script or {}
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.tls_at_once = tls_at_once
        self.extensions = list(extensions)
        self.password = password
        self.lock = threading.Lock()
        self.delivered = []  # (recipient, text) of each message that 250 was said to
        self.steps = []      # of all connections
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.closing = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(60)
        try:
            Session(self, connection).run()
        except (OSError, Torn, ssl.SSLError, ValueError):
            pass
        finally:
            connection.close()

    def ids(self):
        with self.lock:
            return [message_id(text) for _, text in self.delivered]

    def close(self):
        self.closing = True
        # Who waits in accept() would go on listening, and take one more connection.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def message_id(text):
    found = re.search(rb"^Message-ID: <([^>]*)>", text, re.MULTILINE)
    return found.group(1).decode() if found else None


class Session:
    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.buffer = b""
        self.sender = self.recipient = self.message = None
        self.encrypted = False

    def wrap(self):
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.encrypted = True
        self.buffer = b""

    def send(self, text):
        self.connection.sendall(text if isinstance(text, bytes) else text.encode())

    def line(self):
        while b"\n" not in self.buffer:
            data = self.connection.recv(65536)
            if not data:
                raise Torn
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def step(self, name, argument, good):
        """Returns whether it went well."""
        with self.server.lock:
            self.server.steps.append(name)
        action = self.server.script.get(name, good)
        if callable(action):
            action = action(self, argument)
        if action is not None:
            self.send(action + "\r\n")
        return action is not None and action[:1] in "23"

    def run(self):
        if self.server.tls_at_once:
            self.wrap()
        if not self.step("greeting", "", "220 scripted ESMTP"):
            return
        while True:
            line = self.line().decode("utf-8", "replace")
            verb, _, argument = line.partition(" ")
            handler = getattr(self, "do_" + verb.lower(), None)
            if handler is None:
                self.send("500 what?\r\n")
            elif handler(argument):
                return

    def do_ehlo(self, argument):
        extensions = list(self.server.extensions)
        if self.server.context and not self.encrypted:
            extensions.append("STARTTLS")
        if self.server.password and (self.encrypted or not self.server.context):
            extensions.append("AUTH PLAIN LOGIN")
        lines = ["scripted"] + extensions
        self.step("EHLO", argument, "\r\n".join(
            f"250{' ' if i == len(lines) - 1 else '-'}{text}" for i, text in enumerate(lines)))

    do_helo = do_ehlo

    def do_starttls(self, argument):
        if self.step("STARTTLS", argument, "220 go on"):
            self.wrap()

    def do_auth(self, argument):
        words = argument.split()
        if words[0] != "PLAIN":
            self.send("504 no\r\n")
            return
        if len(words) < 2:
            self.send("334 \r\n")
            words.append(self.line().decode())
        given = base64.b64decode(words[1]).split(b"\0")
        right = given[1:] == [b"fairslice", self.server.password.encode()]
        self.step("AUTH", argument, "235 welcome" if right else "535 5.7.8 wrong password")

    def do_mail(self, argument):
        self.sender = argument
        self.step("MAIL", argument, "250 sender ok")

    def do_rcpt(self, argument):
        self.recipient = re.search("<(.*)>", argument).group(1)
        self.step("RCPT", argument, "250 recipient ok")

    def do_data(self, argument):
        if not self.step("DATA", argument, "354 go on"):
            return
        lines = []
        while True:
            line = self.line()
            if line == b".":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
            self.step("line", len(lines), None)
        self.message = b"\r\n".join(lines) + b"\r\n"
        self.step("message", self.message, lambda session, _: session.accept())

    def accept(self):
        """Takes responsibility, and says so: what is counted as delivered is what the answer was sent to."""
        with self.server.lock:
            self.server.delivered.append((self.recipient, self.message))
        return "250 2.0.0 queued"

    def do_rset(self, _):
        self.send("250 ok\r\n")

    def do_quit(self, argument):
        self.step("QUIT", argument, "221 bye")
        return True


# ---- what a script may do ----

def silence(session, _):
    """Says nothing until the client has had enough."""
    try:
        while session.connection.recv(65536):
            pass
    except OSError:
        pass
    raise Torn


def torn(_session, _):
    raise Torn


def slowly(seconds, then):
    def action(session, argument):
        time.sleep(seconds)
        return then(session, argument) if callable(then) else then
    return action


def endless(text):
    def action(session, _):
        while not session.server.closing:
            session.send(text * 1000)
    return action
