"""`mailsim serve`: the servers of a scenario, for other programs."""

import json
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.seed import Seed

if TYPE_CHECKING:
    from mailsim.world.control import Control
    from mailsim.world.lab import Lab

_ENDS = (signal.SIGINT, signal.SIGTERM)
_SECONDS = 0.2
"""Between two looks at what is due by the clock."""


def serve(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file.")],
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="TRACE",
            help="Write the trace there: its name ends in .parquet, .jsonl, .csv, .otlp.jsonl or .chrome.json.",
        ),
    ] = None,
    as_json: Annotated[  # noqa: ARG001 - the contract's option; it changes nothing
        bool, typer.Option("--json", help="No more than without: the line is JSON anyway.")
    ] = False,
) -> None:
    """Keep a scenario's POP3 and SMTP servers up for other programs until SIGINT or SIGTERM.

    Prints one JSON line when they listen: servers, accounts (of each practice, the system mailbox's first; `submits` says
    whose login the SMTP server takes), the file with the certificate to trust, and the host and port of a control port
    that takes one JSON object a line, an order with its arguments, such as {"receive": {"to": "a1234@abc.com", "from":
    "jane@client.example"}}, and answers each with one; {"error": ...} says what is wrong with it.

    People outside answer by themselves; retries and delays pass by the clock on the wall, or at once by settle and run.
    The scenario's events, workload and poll are played by run only. Orders, and their arguments:

    \b
    send      to, from_action, cc, bcc, subject, text, size, automatic, user,
              from, practice: a practice sends
    receive   to, from, subject, text, size, octets: somebody outside sends
    reply     message_id, from, text: somebody outside answers
    collect   practice: a practice collects; answers its decisions
    run       until: plays the scenario; holds the laws and [expect], but not
              when it goes on only until "2h" after the start, or a time
    settle    until: all that is due happens, or what is due until then
    add_fault, remove_fault
              fault, practice, server: something goes wrong from now on, or no
              longer; `mailsim faults` lists what can
    now, check, targets, failures
              the world's time; whether mail was lost or doubled (what a POP3
              client of yours deleted counts as lost: the laws are about what
              the practice itself collects); how many copies are where; what
              was not taken, by server and reply
    mailbox   target, practice: the messages that action:1234 holds
    waiting   practice: the messages that are not yet collected
    trace     after, most: the events behind that serial; with --out the last
              10,000 are held, and `missing` says how many no longer are

    Example: mailsim serve fixtures/scenarios/rewritten.toml --out /tmp/trace.jsonl
    """  # noqa: D301 - \b is the mark of text that is not to be wrapped
    from concurrent.futures import ThreadPoolExecutor

    from mailsim.cli.site import warn
    from mailsim.world.control import Control
    from mailsim.world.lab import Lab
    from mailsim.world.scenario import load_scenario

    loaded = load_scenario(scenario)
    warn(scenario, loaded.warnings)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    # Blocked in every thread from here on, so that one that comes early is not lost, and waited for below.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        with (
            ThreadPoolExecutor(1) as pool,  # is left last: what waits for mail is let go when the Lab ends
            TemporaryDirectory(prefix="mailsim-") as folder,
            Lab(loaded, out=out) as lab,
            Control(lab) as control,
        ):
            ca = Path(folder) / "ca.pem"
            ca.write_bytes(lab.authority)
            sys.stdout.write(json.dumps(_told(lab, control, ca)) + "\n")
            sys.stdout.flush()
            over = Event()
            passing = pool.submit(_let_pass, lab, over)
            while not passing.done() and signal.sigtimedwait(_ENDS, _SECONDS) is None:
                pass
            over.set()
            if passing.done():
                passing.result()
    finally:
        # What else an impatient user sent: let loose now, it would end this by force.
        while signal.sigtimedwait(_ENDS, 0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _let_pass(lab: "Lab", over: Event) -> None:
    """Have happen what is due by the clock, beside who waits for signals: mail on its way may take for ever."""
    while not over.wait(_SECONDS):
        lab.settle(until=lab.now)


def _told(lab: "Lab", control: "Control", ca: Path) -> dict[str, object]:
    from mailsim.world.plan import plan

    practices = plan(lab.scenario).practices
    pop3 = {(one.pop.server.host, one.pop.server.port): one.pop.server.tls for one in practices}
    tls = {(one.smtp.server, one.smtp.port): str(one.smtp_tls) for one in practices}
    tls |= {server: "implicit" if secured else "none" for server, secured in pop3.items()}
    return {
        "servers": [
            {
                "name": name,
                "protocol": "pop3" if (name, port) in pop3 else "smtp",
                "tls": tls.get((name, port), "none"),
                "host": host,
                "port": real_port,
            }
            for (name, port), (host, real_port) in lab.addresses.items()
        ],
        "accounts": [
            {
                "username": username,
                "password": password,
                "submits": username == own.smtp.username,
                "practice": practice.domain,
            }
            for practice, own in zip(lab.scenario.practices, practices, strict=True)
            for username, password in lab.accounts_at(practice.domain).items()
        ],
        "ca": str(ca),
        "control": {"host": control.host, "port": control.port},
    }
