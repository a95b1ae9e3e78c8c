import json

import pytest

from mailsim.cli import main


@pytest.mark.parametrize("file", ["site", "scenario"])
def test_a_schema_is_one_json_document(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Ready to be piped into a file."""
    assert main(["schema", file]) == 0

    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


def test_an_unknown_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and what may be asked for."""
    assert main(["schema", "sight"]) == 2

    assert "'sight': must be site or scenario" in capsys.readouterr().err
