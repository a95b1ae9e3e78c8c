"""`mailsim report`: one page from a trace's file, or one line of what is wrong."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mailsim.cli import main
from mailsim.trace import Trace
from mailsim.trace.files import write_json_lines

SVG = "{http://www.w3.org/2000/svg}"


def test_a_page_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And where it is, is said."""
    write_json_lines(Trace(), tmp_path / "trace.jsonl")

    assert main(["report", str(tmp_path / "trace.jsonl"), "-o", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out == f"The report: {tmp_path / 'page.html'}\n"
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As large as it says, on a white card; one of the columns that it has, whatever flowed."""
    write_json_lines(Trace(), tmp_path / "trace.jsonl")

    assert main(["report", str(tmp_path / "trace.jsonl"), "-o", str(tmp_path / "flow.svg")]) == 0
    picture = ET.parse(tmp_path / "flow.svg").getroot()
    assert capsys.readouterr().out == f"The report: {tmp_path / 'flow.svg'}\n"
    assert picture.tag == f"{SVG}svg"
    assert [(part.attrib["width"], part.attrib["height"]) for part in (picture, picture[0])] == [
        ("992", "456")
    ] * 2
    assert picture[0].attrib["fill"] == "#fff"
    assert ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")] == [
        "from",
        "outcome",
        "because of",
    ]


@pytest.mark.parametrize(("name", "begins"), [("PAGE.HTML", "<!DOCTYPE html>"), ("Flow.SVG", "<svg")])
def test_the_case_of_an_ending_says_nothing(tmp_path: Path, name: str, begins: str) -> None:
    """As with file names elsewhere."""
    write_json_lines(Trace(), tmp_path / "trace.jsonl")

    assert main(["report", str(tmp_path / "trace.jsonl"), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text("utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("trace", "out", "told"),
    [
        ("nowhere.parquet", "page.html", "nowhere.parquet: cannot be read: No such file or directory"),
        ("trace.jsonl", "no/page.html", "page.html: cannot be written: No such file or directory"),
        ("trace.jsonl", "page.pdf", "page.pdf: no file for a report; name one that ends in .html or .svg"),
        ("trace.jsonl", "page", "page: no file for a report; name one that ends in .html or .svg"),
        ("nowhere.parquet", "page.pdf", "page.pdf: no file for a report"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trace: str, out: str, told: str
) -> None:
    """Status 2, and nothing written."""
    write_json_lines(Trace(), tmp_path / "trace.jsonl")

    assert main(["report", str(tmp_path / trace), "-o", str(tmp_path / out)]) == 2
    assert told in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["trace.jsonl"]
