"""A trace for which there is no room: one line, exit status 2, and the earlier trace is what it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailsim.trace.files import FORMATS

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "rewritten.toml"
PROGRAM = """
import json, resource, sys
from pathlib import Path
import mailsim.trace.files, mailsim.trace.recorder
from mailsim.cli import main

mailsim.trace.files.BATCH = mailsim.trace.recorder.BATCH = 8
scenario, world, folder, shares, *endings = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
came = []
for ending in endings:
    out = Path(folder, "trace" + ending)
    arguments = ["run", scenario, "--world", world, "--out", str(out)]
    assert main(arguments) == 0
    earlier = out.read_bytes()
    for share in json.loads(shares):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * len(earlier)), hard))
        status = main(arguments)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        came.append([status, out.read_bytes() == earlier])
Path(folder, "came.json").write_text(json.dumps(came))
"""


@pytest.mark.parametrize(
    ("world", "shares"),
    [
        ("memory", [0, 0.001, 0.5, 0.999]),
        (
            "wire",
            [0.5, 0.8],
        ),  # servers start by writing certificates, and their times make no two traces as long
    ],
)
def test_every_format_stays_whole_wherever_the_room_ends(
    world: str, shares: list[float], tmp_path: Path
) -> None:
    """At the first octets, in the midst, at the last."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SCENARIO), world, str(tmp_path), json.dumps(shares), *FORMATS],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads((tmp_path / "came.json").read_text()) == [[2, True]] * len(shares) * len(FORMATS)
    assert {path.name for path in tmp_path.iterdir()} == {
        "came.json",
        *(f"trace{ending}" for ending in FORMATS),
    }
    assert done.stderr.splitlines() == [
        f"mailsim: {tmp_path / 'trace'}{ending}: cannot be written: File too large; "
        "make room there, or name another file"
        for ending in FORMATS
        for _ in shares
    ]
