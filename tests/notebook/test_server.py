"""What `mailsim lab` and `mailsim preferences` do before Jupyter runs, and what they say where it is not there."""

from pathlib import Path

import pytest

from mailsim.cli import main
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
    with pytest.raises(NotebookError, match=r"nowhere is not installed; install mailsim\[notebook\]"):
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
