"""The Python face: names that load when they are used."""

import subprocess
import sys

import pytest

import mailsim


def test_every_name_of_the_face_is_there() -> None:
    """And each is listed."""
    for name in mailsim.__all__:
        assert getattr(mailsim, name).__name__ == name
    assert set(mailsim.__all__) < set(dir(mailsim))


def test_the_version_is_the_installed_one() -> None:
    """As the distribution says."""
    assert mailsim.__version__[0].isdigit()
    assert "__version__" in dir(mailsim)


def test_an_unknown_name_is_an_ordinary_error() -> None:
    """So that `hasattr` and editors behave."""
    with pytest.raises(AttributeError, match="module 'mailsim' has no attribute 'nothing'"):
        getattr(mailsim, "nothing")  # noqa: B009 - a type checker forbids the plain form


@pytest.mark.parametrize("statement", ["import mailsim", "import mailsim; mailsim.Message; mailsim.Address"])
def test_importing_is_cheap(statement: str) -> None:
    """Nothing heavy comes along."""
    heavy = "{'pydantic', 'typer', 'pandas', 'pyarrow', 'asyncio', 'email', 'IPython', 'faker'}"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}; import sys; print({heavy} & set(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "set()\n"
