"""Postfix in front of Dovecot, on loopback: takes submissions, delivers all of a domain into one Maildir.

Both run from a folder of their own. Postfix's master process needs root.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from smtplib import SMTP
from types import MappingProxyType, TracebackType
from typing import Self

from tests.interop.dovecot import NOBODY, Dovecot, free_port

NOTHING: Mapping[str, str] = MappingProxyType({})
AUTHENTICATION = """
service auth {{
  chroot =
  inet_listener {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.abc.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.1/32
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {mail}
virtual_mailbox_maps = static:{user}/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
default_transport = error:no mail leaves this computer
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_tls_cert_file = {home}/cert.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_forbid_bare_newline = no
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running Postfix and the Dovecot behind it, of one account; a context manager.

    Attributes:
        port, tls_port: Where it takes submissions: with STARTTLS, and with TLS from the first octet.
        dovecot: Where its mail is collected; both have certificates of its authority.
    """

    host = "127.0.0.1"

    def __init__(self, domain: str, user: str, password: str, settings: Mapping[str, str] = NOTHING) -> None:
        """`settings` are more lines of main.cf."""
        self._domain, self._user = domain, user
        self._settings = settings
        self._home = Path()
        self._auth_port = free_port()
        self.port, self.tls_port = free_port(), free_port()
        more = AUTHENTICATION.format(port=self._auth_port)
        self.dovecot = Dovecot({user: (password, ())}, more=more)

    def __enter__(self) -> Self:
        self.dovecot.__enter__()
        self._home = Path(tempfile.mkdtemp(prefix="mailsim-postfix-"))
        self._home.chmod(0o755)
        self._configure()
        self._run("start")
        try:
            self._await_greeting()
        except BaseException:  # it runs, and nobody else would stop it
            self.__exit__(None, None, None)
            raise
        return self

    def _configure(self) -> None:
        places = {
            "home": self._home,
            "mail": self.dovecot.home / "mail",
            "domain": self._domain,
            "user": self._user,
            "uid": NOBODY,
            "auth_port": self._auth_port,
            "port": self.port,
            "tls_port": self.tls_port,
        }
        more = "".join(f"{name} = {value}\n" for name, value in self._settings.items())
        (self._home / "main.cf").write_text(MAIN.format(**places) + more)
        (self._home / "master.cf").write_text(MASTER.format(**places))
        leaf = self.dovecot.authority.issue_cert("localhost", self.host)
        leaf.private_key_pem.write_to_path(str(self._home / "key.pem"))
        for pem in leaf.cert_chain_pems:
            pem.write_to_path(str(self._home / "cert.pem"), append=True)
        (self._home / "spool").mkdir()
        (self._home / "data").mkdir()
        shutil.chown(self._home / "data", "postfix")

    def _run(self, verb: str) -> None:
        command = [shutil.which("postfix") or "/usr/sbin/postfix", "-c", str(self._home), verb]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr + self.log

    @property
    def log(self) -> str:
        """What Postfix wrote down."""
        log = self._home / "log"
        return log.read_text() if log.exists() else ""

    def _await_greeting(self) -> None:
        ends = time.monotonic() + 60
        while True:
            try:
                with SMTP(self.host, self.port, timeout=5):
                    return
            except OSError:
                assert time.monotonic() < ends, self.log
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run("stop")
        finally:
            self.dovecot.__exit__(kind, error, trace)
            shutil.rmtree(self._home, ignore_errors=True)
