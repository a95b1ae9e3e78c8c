"""Dovecot as the reference server: on loopback, as an unprivileged user, all of it in one folder of its own."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

NOBODY = 65534

CONFIGURATION = """
protocols = pop3
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
instance_name = mailsim-test
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol pop3 {{
  pop3_lock_session = yes
  mail_max_userip_connections = 500
  pop3_uidl_format = %08Xu%08Xv
}}
"""


class Dovecot:
    """A running Dovecot; a context manager.

    Attributes:
        host, port, tls_port: Where it listens: with STLS, and with TLS from the first octet.
    """

    host = "127.0.0.1"

    def __init__(self, accounts: Mapping[str, tuple[str, Sequence[bytes]]], *, more: str = "") -> None:
        """`more` is added to the configuration."""
        self._accounts = accounts
        self._more = more
        self._home = Path()
        self._serial = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.tls_port = free_port(), free_port()
        self.authority = trustme.CA()

    @property
    def home(self) -> Path:
        """The folder of all it has; mail is in `mail/USER`, a Maildir each."""
        return self._home

    @property
    def ca(self) -> Path:
        """The file of the CA to trust."""
        return self._home / "ca.pem"

    def __enter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="mailsim-dovecot-"))
        self._home.chmod(0o755)
        uid, gid = (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
        self.authority.cert_pem.write_to_path(str(self.ca))
        leaf = self.authority.issue_cert("localhost", self.host)
        leaf.private_key_pem.write_to_path(str(self._home / "key.pem"))
        for pem in leaf.cert_chain_pems:
            pem.write_to_path(str(self._home / "cert.pem"), append=True)
        users = "".join(f"{user}:{{PLAIN}}{password}\n" for user, (password, _) in self._accounts.items())
        (self._home / "users").write_text(users)
        settings = CONFIGURATION.format(
            home=self._home, user=pwd.getpwuid(uid).pw_name, group=grp.getgrgid(gid).gr_name, uid=uid, gid=gid,
            port=self.port, tls_port=self.tls_port,
        )  # fmt: skip
        (self._home / "dovecot.conf").write_text(settings + self._more)
        (self._home / "mail").mkdir()
        for user, (_, messages) in self._accounts.items():
            self.fill(user, messages)
        if os.getuid() == 0:
            for place in (self._home, *self._home.rglob("*")):
                os.chown(place, uid, gid)
        command = [
            shutil.which("dovecot") or "/usr/sbin/dovecot",
            "-F",
            "-c",
            str(self._home / "dovecot.conf"),
        ]
        as_nobody = {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}
        self._process = subprocess.Popen(command, cwd=self._home, **as_nobody)  # type: ignore[call-overload] # a dict of options
        self._await_greeting()
        return self

    def fill(self, user: str, messages: Sequence[bytes]) -> None:
        """Make these the user's only messages."""
        box = self._home / "mail" / user
        shutil.rmtree(box, ignore_errors=True)
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True)
        for octets in messages:
            self._serial += 1
            name = f"{1_700_000_000 + self._serial}.M{self._serial:08d}P1.mailsim,S={len(octets)}:2,"
            (box / "cur" / name).write_bytes(octets)
        if os.getuid() == 0:
            for place in (box, *box.rglob("*")):
                os.chown(place, NOBODY, NOBODY)

    def messages(self, user: str) -> list[bytes]:
        """What the user's maildrop holds now, oldest first."""
        box = self._home / "mail" / user
        found = [*(box / "cur").iterdir(), *(box / "new").iterdir()]
        return [path.read_bytes() for path in sorted(found, key=lambda path: path.name)]

    def _await_greeting(self) -> None:
        ends = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection((self.host, self.port), timeout=5) as client:
                    assert client.recv(3) == b"+OK"
                    return
            except OSError:
                log = self._home / "log"
                said = log.read_text() if log.exists() else ""
                assert self._process is not None
                assert self._process.poll() is None, said
                assert time.monotonic() < ends, said
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
        shutil.rmtree(self._home, ignore_errors=True)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
