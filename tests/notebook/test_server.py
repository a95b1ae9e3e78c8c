"""What `mailsim lab` and `mailsim preferences` do before Jupyter runs, and what they say where it is not there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailsim.cli import main
from mailsim.extras import not_installed
from mailsim.notebook import server
from mailsim.notebook.server import NotebookError, copied, serve, stories


def test_notebooks_are_copied_but_none_over_another(tmp_path: Path) -> None:
    """What somebody changed stays."""
    names = copied(tmp_path / "mine")
    (tmp_path / "mine" / names[0]).write_text("changed")
    (tmp_path / "mine" / names[1]).unlink()

    assert names == sorted(path.name for path in stories().glob("*.ipynb"))
    assert copied(tmp_path / "mine") == [names[1]]
    assert (tmp_path / "mine" / names[0]).read_text() == "changed"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file stands there."""
    (tmp_path / "file").touch()
    with pytest.raises(NotebookError, match="file: cannot be written: File exists; name another folder"):
        copied(tmp_path / "file")


def test_a_program_that_is_not_installed(tmp_path: Path) -> None:
    """What to install is said."""
    with pytest.raises(NotebookError, match=re.escape(not_installed("nowhere", "notebook"))):
        serve("nowhere", [], folder=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "module"), [(["lab", "notes"], "jupyterlab"), (["preferences", "site.toml"], "voila")]
)
def test_what_is_run(
    arguments: list[str], module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On loopback; its exit status is the command's. A stand-in tells what it was given."""
    (tmp_path / f"{module}.py").write_text(
        "import sys, pathlib\n"
        f"pathlib.Path({str(tmp_path / 'told')!r}).write_text(' '.join(sys.argv[1:]) + open(sys.argv[-1]).read()"
        " if sys.argv[-1].endswith('.ipynb') else ' '.join(sys.argv[1:]))\nsys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(server, "find_spec", lambda name: name)
    monkeypatch.chdir(tmp_path)

    assert main([*arguments, "--no-browser"]) == 3
    told = (tmp_path / "told").read_text()
    assert "ip=127.0.0.1" in told
    assert "--no-browser" in told
    if module == "voila":
        assert "auto_token=True" in told
        assert f"Preferences('{tmp_path / 'site.toml'}')" in told


@pytest.mark.parametrize("command", ["lab", "preferences"])
def test_without_its_extra_a_command_says_what_to_install(command: str, tmp_path: Path) -> None:
    """In one line, though nothing of Jupyter can be imported."""
    gone = "('ipywidgets', 'jupyterlab', 'voila', 'IPython')"
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({gone})); import importlib.util as u; find = u.find_spec\n"
        f"u.find_spec = lambda name, *rest: None if name in {gone} else find(name, *rest)\n"
        f"from mailsim.cli import main; sys.exit(main([{command!r}, '--no-browser']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith('.whl[notebook]"')
    assert not list(tmp_path.iterdir())
    assert "Traceback" not in done.stderr
