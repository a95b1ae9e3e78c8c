"""Another repository, in an environment of its own, with the wheel: `pytest features/` runs, without Python."""

import subprocess
import sys
import sysconfig
from pathlib import Path
from venv import EnvBuilder
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
FEATURE = """
Feature: Replies find their action
  @R3.4
  Scenario: The provider rewrites the sender
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And a provider that rewrites foreign senders
    And the practice puts the action address in Reply-To
    And jane@client.example answers every message
    When action 1234 writes to jane@client.example
    And all mail has arrived
    And the practice collects its mail
    Then the reply is delivered to action {action}
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; the libraries that it needs come from this one, mailsim does not."""
    place = tmp_path_factory.mktemp("environment")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = place.glob("*.whl")
    EnvBuilder(symlinks=True).create(place / "venv")
    packages = place / "venv/lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    with ZipFile(wheel) as archive:  # a wheel without scripts is installed by unpacking it
        archive.extractall(packages)
    libraries = packages / "libraries.pth"  # paths of a .pth file have no .pth files read: mailsim stays out
    libraries.write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")
    return place / "venv/bin/python"


def run(python: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(python),
        "-W",
        "error",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--strict-markers",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_environment_has_the_wheel_alone(python: Path, tmp_path: Path) -> None:
    """Else all of this would show nothing."""
    code = "import mailsim, pathlib; print(pathlib.Path(mailsim.__file__).parents[4])"
    done = subprocess.run(
        [python, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert Path(done.stdout.strip()) == python.parents[1]


def test_a_repository_of_one_feature_runs(python: Path, tmp_path: Path) -> None:
    """Right, it passes; with a wrong expectation it fails, and tells the story of the mail."""
    (tmp_path / "features").mkdir()
    (tmp_path / "features/right.feature").write_text(FEATURE.format(action=1234), "utf-8")
    right = run(python, tmp_path, "features/")
    (tmp_path / "features/wrong.feature").write_text(FEATURE.format(action=1), "utf-8")
    wrong = run(python, tmp_path, "features/wrong.feature")

    assert (right.returncode, "1 passed" in right.stdout) == (0, True), right.stdout
    assert wrong.returncode == 1
    assert "expected action:1, found action:1234" in wrong.stdout
    assert "What happened to t000001:" in wrong.stdout
