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
from functools import partial
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
from mailsim.cli.once import Once
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
_command = partial(app.command, cls=Once)
_command("check", short_help="Turn Check POP or Check SMTP green or red, and say why.")(check)
_command("collect", short_help="Collect from a POP3 server into a store, each message once.")(collect)
_command("demo", short_help="See the main job on loopback sockets, through three providers.")(demo)
_command("diff", short_help="Say which messages go elsewhere under another site file.")(diff)
_command("explore", short_help="Search for mail and faults that break a law or a rule.")(explore)
_command("faults", short_help="List what can go wrong on purpose, and servers' quirks.")(faults)
_command("lab", short_help="Copy the notebooks to a folder and open JupyterLab.")(lab)
_command("lint", short_help="Find what is wrong in features before they run.")(lint)
_command("mailboxes", short_help="List and export what was delivered where.")(mailboxes)
_command("pop3", short_help="Serve messages by POP3, for authors of clients.")(pop3)
_command("preferences", short_help="Open the Email Preferences form as a page.")(preferences)
_command("providers", short_help="List the provider profiles, each fact with its source.")(providers)
_command("probe", short_help="See whether the SMTP server rewrites senders.")(probe)
_command("replay", short_help="Play a recorded run again under other settings.")(replay)
_command("report", short_help="Write one page of a trace.")(report)
_command("route", short_help="Say where each of your messages would go.")(route)
_command("run", short_help="Play a scenario, in memory or on sockets.")(run)
_command("schema", short_help="Print the JSON Schema of a file.")(schema)
_command("serve", short_help="Keep a scenario's servers up for other programs.")(serve)
_command("shrink", short_help="Make a misroute as small as can be.")(shrink)
_command("smtp", short_help="Take mail by SMTP as a provider would.")(smtp)
_command("spf", short_help="Say whether SPF lets the practice's mail through.")(spf)
_command("steps", short_help="List the Gherkin steps.")(steps)
_command("sweep", short_help="Play a grid of scenarios, settings and providers.")(sweep)
_command("why", short_help="Say why a message goes where it goes, and what would change it.")(why)


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
            return _refused([f"mailsim: {_of_file(error)}"])
        _forget_output()
        return _refused([f"mailsim: standard output: cannot be written: {error.strerror}; write elsewhere"])
    return status or 0


def _of_file(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{error.filename}: {error.strerror}; name another file or folder"


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
