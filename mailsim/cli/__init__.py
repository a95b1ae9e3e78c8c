"""The command line: `mailsim COMMAND`, one module a command (contracts, "The command line").

Laws:
- Standard output carries results only; faults go to standard error, one line each.
- Exit status 0: done and as expected; 1: done and not as expected; 2: bad input or usage, or standard output that
  cannot be written; 141: nobody reads standard output any more, as with `| head -1`, which is no fault.
- A command's rooms are loaded when it runs: `mailsim --help` stays fast.
- Nothing from mail, files or arguments reaches a terminal unescaped.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mailsim.cli.check import check
from mailsim.cli.collect import collect
from mailsim.cli.demo import demo
from mailsim.cli.diff import diff
from mailsim.cli.explore import explore
from mailsim.cli.faults import faults
from mailsim.cli.lab import lab
from mailsim.cli.lint import lint
from mailsim.cli.mailboxes import mailboxes
from mailsim.cli.pop3 import pop3
from mailsim.cli.preferences import preferences
from mailsim.cli.probe import probe
from mailsim.cli.providers import providers
from mailsim.cli.replay import replay
from mailsim.cli.report import report
from mailsim.cli.route import route
from mailsim.cli.run import run
from mailsim.cli.schema import schema
from mailsim.cli.serve import serve
from mailsim.cli.shrink import shrink
from mailsim.cli.smtp import smtp
from mailsim.cli.spf import spf
from mailsim.cli.steps import steps
from mailsim.cli.sweep import sweep
from mailsim.cli.why import why
from mailsim.errors import MailsimError

_NOBODY_READS = 128 + signal.SIGPIPE  # as a shell tells of a process that the signal ended
_WRITING = {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC}
"""How writing to a stream fails; sockets fail otherwise."""

app = typer.Typer(
    name="mailsim",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check)
app.command("collect")(collect)
app.command("demo")(demo)
app.command("diff")(diff)
app.command("explore")(explore)
app.command("faults")(faults)
app.command("lab")(lab)
app.command("lint")(lint)
app.command("mailboxes")(mailboxes)
app.command("pop3")(pop3)
app.command("preferences")(preferences)
app.command("providers")(providers)
app.command("probe")(probe)
app.command("replay")(replay)
app.command("report")(report)
app.command("route")(route)
app.command("run")(run)
app.command("schema")(schema)
app.command("serve")(serve)
app.command("shrink")(shrink)
app.command("smtp")(smtp)
app.command("spf")(spf)
app.command("steps")(steps)
app.command("sweep")(sweep)
app.command("why")(why)


def _version(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        import mailsim

        typer.echo(f"mailsim {mailsim.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Why did the reply not come back? A practice's whole mail world on your machine, repeatable."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `arguments` default to those of the process."""
    if sys.stderr is None:  # closed by the caller: what is said there is said to nobody
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open until the process ends
    if sys.stdout is None:
        return _refused(["mailsim: standard output is closed; open it, or send it to /dev/null"])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(args=arguments, prog_name="mailsim", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        from mailsim.cli.usage import told

        return _refused([told(error, [str(command.name) for command in app.registered_commands])])
    except MailsimError as error:
        return _refused([f"mailsim: {line}" for line in str(error).splitlines()])
    except (BrokenPipeError, SystemExit):  # typer turns the former into the latter while a command runs
        _forget_output()
        return _NOBODY_READS
    except OSError as error:
        if error.filename is not None or error.errno not in _WRITING:
            return _refused([f"mailsim: {error}"])
        _forget_output()
        return _refused([f"mailsim: standard output: cannot be written: {error.strerror}; write elsewhere"])
    return status or 0


def _refused(lines: Sequence[str]) -> int:
    from mailsim.practice.faults import printable

    for line in lines:
        sys.stderr.write(printable(line.replace("\n", " ")) + "\n")
    return 2


def _forget_output() -> None:
    """What is still buffered for standard output goes nowhere, so that the end of the process says no more of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
