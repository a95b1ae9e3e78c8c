"""What is told where an extra's library is missing."""

import importlib
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from mailsim.extras import not_installed

ROOT = Path(__file__).parents[1]


def test_the_wheel_is_what_a_checkout_builds(tmp_path: Path) -> None:
    """The command names a file that `uv build --wheel` makes, and so does README."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")

    assert not_installed("Dask", "sweep").endswith(f'pip install "dist/{wheel.name}[sweep]"')
    assert f"dist/{wheel.name}[sweep]" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("mailsim.notebook.plots", "plotly", "notebook"),
        ("mailsim.notebook.preferences", "ipywidgets", "notebook"),
        ("mailsim.notebook.watching", "tqdm", "notebook"),
        ("mailsim.testing.strategies", "hypothesis", "explore"),
    ],
)
def test_a_module_that_needs_an_extra_says_so(
    module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is imported, in a line; the extra is one that mailsim has."""
    for name in [one for one in sys.modules if one == library or one.startswith(f"{library}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, module, raising=False)

    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module(module)
    assert str(raised.value) == not_installed(library, extra)
    assert extra in (metadata("mailsim").get_all("Provides-Extra") or ())
