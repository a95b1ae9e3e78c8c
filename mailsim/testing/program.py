"""Another mail program under test: a command that collects from, or sends through, the servers of a scenario's world.

It is told in the environment where they are, as `MAILSIM_POP3_*` and `MAILSIM_SMTP_*`, whom to trust and where to keep
its files; the same stands in a JSON file. The commands stand in pytest's configuration:

    [pytest]
    mailsim_program_collects = python collector.py
    mailsim_program_sends = python sender.py
"""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from mailsim.errors import MailsimError
from mailsim.practice.faults import printable
from mailsim.testing.found import UNPLAYED
from mailsim.testing.worlds import Kind, demand_sockets
from mailsim.words import masked

if TYPE_CHECKING:
    from mailsim.practice.account import PopAccount, SmtpAccount
    from mailsim.world.lab import Lab

PURPOSES: Final = ("collects", "sends")
_SECONDS = 60.0
"""After which a program is ended."""
_MOST = 2000
"""Characters of its output that are told."""


class ProgramError(MailsimError):
    """A program that cannot be run."""


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of the program ended."""

    status: int
    """What it returned; negative, the signal that ended it."""
    output: str
    """The end of what it said on both its streams."""

    def __str__(self) -> str:
        return f"status {self.status}\n" + (f"It said:\n{self.output}" if self.output else "It said nothing.")


class Program:
    """The mail program under test, beside the world of one scenario."""

    def __init__(self, config: pytest.Config, lab: "Lab", folder: Path) -> None:
        """`folder` is where it keeps its files, run after run."""
        from mailsim.testing.copies import Arrivals

        self.folder = folder
        self.arrivals = Arrivals()
        """At the system mailbox, as it was before and after each run."""
        self.last: Run | None = None
        """How its last run ended."""
        self._config = config
        self._lab = lab

    def run(self, purpose: str) -> Run:
        """Have it collect or send, and wait until it ends; ended by force after a minute.

        Raises:
            ProgramError: The configuration names no command for it, or one that cannot be started.
        """
        written: str = self._config.getini(f"mailsim_program_{purpose}")
        try:
            command = shlex.split(written)
        except ValueError as error:
            told = f"mailsim_program_{purpose} = {written}: {str(error).lower()}; close the quotes, or write \\ before one"
            raise ProgramError(told) from None
        if not command:
            raise ProgramError(
                f"mailsim_program_{purpose} is empty; write the program's command there, in pytest's configuration"
            )
        self.arrivals.see(self._lab.waiting())
        self.last = self._ended(command, purpose)
        self.arrivals.see(self._lab.waiting())
        return self.last

    def _ended(self, command: Sequence[str], purpose: str) -> Run:
        told = self.environment()
        try:
            process = subprocess.Popen(  # noqa: S603 - the command that the user wrote
                command,
                cwd=self._config.rootpath,
                env=os.environ | told,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(f"{command[0]}: {error.strerror}; correct mailsim_program_{purpose}") from None
        secrets = tuple(value for name, value in told.items() if name.endswith("_PASSWORD"))
        with process:
            try:
                output, _ = process.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                _kill(process)
                output, _ = process.communicate()
                return Run(-9, _end(output, secrets) + f"\n(ended after {_SECONDS:g} seconds)")
            except BaseException:  # Ctrl-C: its session is not the terminal's
                _kill(process)
                raise
        return Run(process.returncode, _end(output, secrets))

    def environment(self) -> Mapping[str, str]:
        """What it is told, under the names of environment variables."""
        from mailsim.world.plan import plan

        parts = plan(self._lab.scenario)
        pop, smtp = parts.pop, parts.smtp
        authority = self.folder.parent / "mailsim-ca.pem"
        authority.write_bytes(self._lab.authority)
        told = {"MAILSIM_CA": str(authority), "MAILSIM_FOLDER": str(self.folder)}
        told |= self._server("POP3", pop, (pop.server.host, pop.server.port))
        told |= self._server("SMTP", smtp, (smtp.server, smtp.port))
        told["MAILSIM_POP3_TLS"] = "implicit" if pop.server.tls else "none"
        told["MAILSIM_SMTP_TLS"] = parts.smtp_tls
        file = self.folder.parent / "mailsim-servers.json"
        file.write_text(json.dumps(told, indent=1), "utf-8")
        return told | {"MAILSIM_SERVERS": str(file)}

    def _server(
        self, name: str, account: "PopAccount | SmtpAccount", server: tuple[str, int]
    ) -> Mapping[str, str]:
        host, port = self._lab.addresses[server]
        return {
            f"MAILSIM_{name}_HOST": host,
            f"MAILSIM_{name}_PORT": str(port),
            f"MAILSIM_{name}_USERNAME": account.username,
            f"MAILSIM_{name}_PASSWORD": account.password.get_secret_value(),
        }


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(output: bytes, secrets: tuple[str, ...]) -> str:
    said = masked(output.decode("utf-8", "replace"), secrets).strip().splitlines()
    return "\n".join(map(printable, said))[-_MOST:]


@pytest.fixture
def program(mailsim_world: Kind, lab: "Lab", request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    """The mail program under test, with a folder of its own.

    Raises:
        MissingWorldError: The scenario's world is in memory, where no other program can come.
    """
    demand_sockets(mailsim_world, "another program")
    request.node.stash[UNPLAYED] = "what another program does"
    folder = tmp_path / "program"
    folder.mkdir()
    return Program(request.config, lab, folder)
