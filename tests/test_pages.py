"""The pages for people claim only what works: what they show is run, from top to bottom, in a clean folder.

A block whose first line is `# NAME.EXT` is a file; a block `sh` is typed, a line a command, which ends with 0 unless its
comment says otherwise; a block `text` is what the commands before it printed, `...` for what is left out; a block `python`
is run, and the comment beside a `print` is what it prints. A picture is what a command of the page made.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "features/README.md",
    "notebooks/README.md",
    "fixtures/README.md",
    "mailsim/testing/README.md",
)
FOLDERS = ("features", "fixtures", "mailsim", "notebooks", "tests")
OTHER_PLUGINS = ("hypothesispytest", "faker", "html", "xdist", "cacheprovider")
"""Of pytest; no page needs one, and loading them takes longer than what the pages run."""
NOT_TYPED = {
    "pip install uv && uv run mailsim demo": "installs: CI types it in a new checkout",
    "pip install uv && uv run pytest": "installs, and would run this test again",
}


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str

    @property
    def file(self) -> str:
        """The file that it is, if it is one."""
        named = re.match(r"# ([\w./]+\.\w+)\n", self.text)
        return named[1] if named else ""


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text("utf-8")
    return [Block(*found) for found in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]


def inline(page: str) -> list[str]:
    """What stands in a page as code, outside its blocks."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [code.replace("\\|", "|").replace("\n", " ") for code in re.findall(r"`([^`]+)`", prose)]


def links(page: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_works(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files as they stand, commands as they are typed, what these print, and the pictures that they make."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in OTHER_PLUGINS))
    for folder in FOLDERS:
        Path(folder).symlink_to(ROOT / folder)
    printed = ""
    for block in blocks(page):
        if block.file:
            Path(block.file).parent.mkdir(exist_ok=True)
            Path(block.file).write_text(block.text, "utf-8")
        elif block.language == "sh":
            printed = "".join(typed(line) for line in block.text.splitlines() if line not in NOT_TYPED)
        elif block.language == "text":
            assert re.search(pattern(block.text), printed, re.MULTILINE), f"{block.text}\n!= \n{printed}"
        elif block.language == "python":
            said = ran(block.text)
            assert [line for line in told(block.text) if line not in said] == []
        else:
            pytest.fail(f"{page}: a block of {block.language} that nothing tries: {block.text}")
    for link in links(page):
        if link.endswith(".svg"):
            kept = (ROOT / page).parent / link
            made = Path(kept.name).resolve()
            assert made.read_text("utf-8") == kept.read_text("utf-8"), (
                f"look at {made}, and keep it as {kept}"
            )


def typed(line: str) -> str:
    """What a command prints that is typed; what uv would find and start is here already."""
    command, _, says = line.partition("  # exit status ")
    command = re.sub(r"^uv run (--extra \w+ )*", "", command)
    if command.startswith("mailsim "):
        status, printed = told_mailsim(shlex.split(command)[1:])
    else:
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        status, printed = done.returncode, done.stdout + done.stderr
    assert status == int(says.partition(":")[0] or 0), f"$ {command}\n{printed}"
    return printed


def told_mailsim(arguments: Sequence[str]) -> tuple[int, str]:
    """The exit status, and what is printed; in this process, which has loaded what a command needs."""
    from mailsim.cli import main

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        status = main(arguments)
    return status, out.getvalue() + err.getvalue()


def pattern(shown: str) -> str:
    """Of a block of text: its lines, one after the other but for those left out."""
    return "".join(r"(?:.*\n)*?" if line == "..." else f"^{re.escape(line)}\n" for line in shown.splitlines())


def ran(source: str) -> list[str]:
    """The lines that a block of Python prints."""
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "page", "exec"), {"__name__": "page"})
    return out.getvalue().splitlines()


def told(source: str) -> list[str]:
    """What the comments beside `print` say that it prints."""
    return re.findall(r"^ *print\(.*\)  # (.*)$", source, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_a_page_is_used(page: str) -> None:
    """By a command or a line of Python: none stands there untried."""
    found = blocks(page)
    used = "\n".join(block.text for block in found if not block.file)

    assert [block.file for block in found if block.file and block.file.partition("/")[0] not in used] == []


def test_what_is_not_typed_stands_there() -> None:
    """The list of exceptions is no longer than it must be."""
    lines = {line for page in PAGES for block in blocks(page) for line in block.text.splitlines()}

    assert set(NOT_TYPED) - lines == set()


@pytest.mark.parametrize("page", [*PAGES, "features/STEPS.md"])
def test_links_lead_somewhere(page: str) -> None:
    """To a file that is there, and a heading that it has; so do the paths that are named."""
    for link in links(page):
        if not link.startswith("https://"):
            path, _, heading = link.partition("#")
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), link
            assert not heading or heading in set(headings(target)), link
    named = [
        name
        for code in inline(page)
        for name in re.findall(rf"(?<![\w./])(?:{'|'.join(FOLDERS)})/[\w./*-]*", code)
    ]
    assert [name for name in named if not any(ROOT.glob(name.rstrip("./")))] == []


def headings(page: Path) -> Iterator[str]:
    """The headings of a page as links name them."""
    for words in re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", words).lower().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_the_options_told_are_the_options_there_are(page: str) -> None:
    """Of each command of mailsim that is named with options, whether in the table or in a sentence."""
    import typer

    from mailsim.cli import app

    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]  # typer's own command is a group
    for code in inline(page):
        if named := re.match(r"(?:uv run (?:--extra \w+ )*)?mailsim (\w+)", code):
            known = {
                option for one in commands[named[1]].params for option in (*one.opts, *one.secondary_opts)
            }
            told_here = set(re.findall(r"(?<=[\s\[|])--?[a-z][\w-]*", code[named.end() :]))
            assert told_here - known == set(), code


def test_the_programs_of_the_tests_take_what_is_told() -> None:
    """Those that README names for people who work here, which take minutes: each is there, and has the option."""
    named = re.findall(
        r"`uv run [^`]*python (?:-m )?(tests[\w./]+)([^`]*)`", (ROOT / "README.md").read_text("utf-8")
    )
    for name, options in named:
        place = ROOT / name.replace(".", "/").removesuffix("/py")
        files = [*place.glob("*.py"), *place.parent.glob(f"{place.name}.py")]
        source = "".join(file.read_text("utf-8") for file in files)
        assert source, name
        assert [one for one in re.findall(r"--[a-z]+", options) if f'"{one}"' not in source] == [], name
    assert named


def test_the_house_has_the_rooms_told() -> None:
    """Each room and each file beside the rooms stands in README's table, and no other."""
    rooms = {
        f"mailsim/{path.name}{'/' * path.is_dir()}"
        for path in (ROOT / "mailsim").iterdir()
        if path.name[0] not in "_." and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    rows = re.findall(r"^\| (`mailsim/.*?) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(.*?)`", row)} == rooms


@pytest.mark.parametrize("page", PAGES)
def test_the_names_told_are_the_names_there_are(page: str) -> None:
    """What a sentence calls `mailsim.NAME`, `trace.NAME` or `world.NAME`."""
    import mailsim
    from mailsim.trace import Trace

    faces = {"mailsim": mailsim, "trace": Trace, "world": mailsim.Simulation}
    for code in inline(page):
        for owner, name in re.findall(r"(?<![\w./\"])(mailsim|trace|world)\.(\w+)(?![\w.]*:)", code):
            assert hasattr(faces[owner], name) or find_spec(f"mailsim.{name}"), code


def test_the_commands_told_are_the_commands_there_are() -> None:
    """No command is promised before it exists, none is forgotten."""
    from mailsim.cli import app

    told_here = set(re.findall(r"^\| `mailsim (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))

    assert told_here == {command.name for command in app.registered_commands}


def test_every_notebook_is_on_its_page() -> None:
    """With a link."""
    assert {link for link in links("notebooks/README.md") if link.endswith(".ipynb")} == {
        path.name for path in (ROOT / "notebooks").glob("*.ipynb")
    }


def test_two_commands_stand_on_top() -> None:
    """One runs the main job, the other passes the tests; nothing need be done before."""
    commands = blocks("README.md")[0].text.splitlines()

    assert [command.rpartition("uv run ")[2] for command in commands] == ["mailsim demo", "pytest"]
