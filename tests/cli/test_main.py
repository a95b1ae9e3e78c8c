"""The command line as a whole: exit statuses, one line for each fault, nothing said when the reader is gone."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailsim.cli import app, main
from mailsim.errors import MailsimError

SITES = Path(__file__).parents[2] / "fixtures" / "sites"
COMMAND = [sys.executable, "-m", "mailsim"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "mailsim: Missing command"),
        (["rout"], "mailsim: No such command 'rout'"),
        (["--nothing"], "mailsim: No such option: --nothing"),
        (["route"], "mailsim route: Missing argument 'PATH'"),
        (["route", "a.eml"], "mailsim route: Missing option '--site'"),
        (["route", "a.eml", "--site"], "mailsim: Option '--site' requires an argument"),
        (["\x1b[31m"], "mailsim: No such command '\\x1b[31m'"),
        (
            ["rout"],
            "mailsim: No such command 'rout'. Did you mean 'route', 'report'? The commands are check, collect, ",
        ),
        ([], "mailsim: Missing command. The commands are check, collect, "),
        (["schema"], "mailsim schema: Missing argument 'file': must be site or scenario or sweep. Try "),
        (["schema", "foo"], "mailsim schema: 'foo': must be site or scenario or sweep. Try "),
        (["demo", "--messages", "2"], "mailsim demo: --messages 2: must be 3 or more. Try "),
        (["demo", "--messages", "x"], "mailsim demo: --messages x: must be a whole number. Try "),
        (
            ["pop3", ".", "--user", "a:b", "--port", "70000"],
            "mailsim pop3: --port 70000: must be 65535 or less. Try ",
        ),
        (
            ["explore", "--site", "x", "--seconds", "y"],
            "mailsim explore: --seconds y: must be a number. Try ",
        ),
        (
            ["pop3", ".", "--user", "a:b", "--tls", "x"],
            "mailsim pop3: --tls x: must be none or stls or implicit. Try ",
        ),
        (
            ["smtp", "--tls", "none", "--tls=implicit"],
            "mailsim smtp: Invalid value for '--tls': was given 2 times; give it once. Try ",
        ),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and where to read on."""
    assert main(arguments) == 2

    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(says)
    assert line.endswith("--help'.")
    assert said.out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["route", "--help"]])
def test_help_is_plain_text(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, without decoration."""
    assert main(arguments) == 0

    said = capsys.readouterr()
    assert said.out.startswith("Usage: mailsim")
    assert said.out.replace("\n", "").isprintable()
    assert said.err == ""


def test_every_command_has_a_line_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence each, and all of it."""
    main(["--help"])

    commands = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert commands
    assert len(app.registered_commands) == len([line for line in commands if not line.startswith("   ")])
    assert all(len(line.split(maxsplit=1)) == 2 and line.endswith(".") for line in commands)
    assert not any(line.endswith("...") for line in commands)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the installed distribution."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mailsim 0.")


def test_an_error_is_one_line_for_each_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever command raises it; controls are escaped."""

    def fail(*_: object, **__: object) -> None:
        raise MailsimError("one\x1b[31m\ntwo")

    monkeypatch.setattr("mailsim.practice.site.load_site", fail)

    assert main(["route", "--site", "x", "y"]) == 2
    assert capsys.readouterr().err == "mailsim: one\\u001b[31m\nmailsim: two\n"


def test_an_error_of_the_system_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a file or a socket, and not said to be one of standard output."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr("mailsim.practice.site.load_site", fail)

    assert main(["route", "--site", "x", "y"]) == 2
    assert capsys.readouterr().err == f"mailsim: [Errno {errno.EADDRINUSE}] Address already in use\n"


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 130, as of a process that SIGINT ended; no traceback."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mailsim.practice.site.load_site", stop)

    assert main(["route", "--site", "x", "y"]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_reader_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As with `| head -1`: whether the write or the last flush meets the closed pipe."""
    (tmp_path / "a.eml").write_bytes(b"")
    arguments = ["route", "--site", str(SITES / "plain.toml"), str(tmp_path / "a.eml")]
    monkeypatch.setattr(sys, "stderr", sys.stderr)  # typer replaces it
    for line_buffering in (False, True):
        reading, writing = os.pipe()
        os.close(reading)
        with io.TextIOWrapper(os.fdopen(writing, "wb"), line_buffering=line_buffering) as out:
            monkeypatch.setattr(sys, "stdout", out)

            assert main(arguments) == 141


def test_output_in_a_narrow_encoding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a terminal's encoding lacks is escaped instead of failing."""
    (tmp_path / "ä日.eml").write_bytes(b"")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)

    assert main(["route", "--site", str(SITES / "plain.toml"), str(tmp_path / "ä日.eml")]) == 0
    out.seek(0)
    assert "\\xe4\\u65e5.eml" in out.read()


def test_standard_output_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """By something without an encoding, as test tools do."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)

    assert main(["--version"]) == 0
    assert out.getvalue().startswith("mailsim ")


def test_a_process_ends_with_the_status(tmp_path: Path) -> None:
    """The whole way: standard input, output, error, exit status."""
    done = subprocess.run(
        [*COMMAND, "route", "--json", "--site", SITES / "plain.toml", "-"],
        input=b"From: jane@client.example\nDelivered-To: a1234@abc.com\n\nYes\n",
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
    assert done.stdout.startswith(b'{"message": "-"')
    assert done.stderr == b""
    missing = subprocess.run(
        [*COMMAND, "route", "--site", "x", "y"], capture_output=True, check=False, cwd=tmp_path
    )
    assert (missing.returncode, missing.stdout) == (2, b"")
    assert (
        missing.stderr == b"mailsim: x: cannot be read: No such file or directory; name another TOML file\n"
    )


def test_a_process_is_interrupted_quietly(tmp_path: Path) -> None:
    """Ctrl-C while it waits for more of an mbox on standard input."""
    with subprocess.Popen(
        [*COMMAND, "route", "--json", "--site", SITES / "plain.toml", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"x" * 300_000)  # more than a pipe holds: once written, the command is reading
        process.stdin.flush()
        process.send_signal(signal.SIGINT)

        out, err = process.communicate(timeout=30)
        assert (out, err, process.returncode) == (b"", b"", 130)


@pytest.mark.parametrize("arguments", [["--help"], ["route", "--help"]])
def test_help_loads_no_room(arguments: list[str]) -> None:
    """Start time counts: neither settings nor worlds are loaded to show help."""
    heavy = "{'mailsim.practice', 'pandas', 'pyarrow', 'rich', 'asyncio'}"
    code = f"import sys; from mailsim.cli import main; main({arguments!r}); print({heavy} & set(sys.modules), file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr == "set()\n"


@pytest.mark.parametrize(
    ("closed", "arguments", "status", "said"),
    [
        (">/dev/full", "faults", 2, "mailsim: standard output: cannot be written: No space left on device; "),
        (">/dev/full", "--help", 2, "mailsim: standard output: cannot be written: No space left on device; "),
        (">/dev/full", "schema site", 2, "mailsim: standard output: cannot be written: No space left on device; "),
        (">&-", "faults", 2, "mailsim: standard output is closed; open it, or send it to /dev/null"),
        ("<&-", "faults", 0, ""),
        ("<&-", f"route --site {SITES / 'plain.toml'} a.eml", 0, ""),
        ("<&-", f"route --site {SITES / 'plain.toml'} -", 2, "mailsim: -: standard input is closed; pipe mail into it"),
        ("2>&-", "nonsense", 2, ""),
        ("| head -0", "schema site", 141, ""),
    ],
)  # fmt: skip
def test_streams_that_are_closed_or_full(
    closed: str, arguments: str, status: int, said: str, tmp_path: Path
) -> None:
    """At most one line, and never a traceback."""
    (tmp_path / "a.eml").write_bytes(b"")
    shell = f"set -o pipefail; {sys.executable} -m mailsim {arguments} {closed}"

    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == status
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == bool(said)
