"""Mail shared out by Dask: the answer of one process, whatever the form of the mail, whatever dies."""

import json
import os
import pickle
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mailsim.cli import main
from mailsim.extras import not_installed
from mailsim.mail.corpus import Corpus, CorpusError, read_mail
from mailsim.practice.site import load_site
from mailsim.practice.site_file import load_toml
from mailsim.study.bulk.question import Diff, Route, site_text
from mailsim.study.bulk.running import answers, plan
from mailsim.study.bulk.table import Answers
from mailsim.study.diagnosis.diff import difference
from mailsim.study.part import PartitionError
from tests.study.conftest import Cluster

SITE = """
[mailbox]
type = "catch-all"
default_sender = "matters@abc.com"
fallback_address = "help@elsewhere.example"
[pop]
server = "ssl://pop.abc.com:995"
username = "matters@abc.com"
password = "hidden treasure"
[[action]]
id = 1234
[[user]]
name = "mary"
[[alias]]
address = "sales@abc.com"
mailboxes = ["mary"]
[[sent]]
message_id = "<sent@abc.com>"
action = 1234
"""
SENT = b"Delivered-To: matters@abc.com\r\nTo: jane@client.example\r\nFrom: a1234@abc.com\r\nMessage-ID: <sent@abc.com>\r\n\r\n"
MESSAGES = 300
SIZE = 4_000
"""Octets of a piece: the mail is a dozen."""


def letters() -> list[bytes]:
    """Mail for everybody, a third of it copies, some for another recipient, some not to be read, some sent by the system."""
    chance = random.Random(7)
    recipients = ["a1234@abc.com", "sales@abc.com", "matters@abc.com", "a99@abc.com", "x@other.example"]
    found = []
    for number in range(MESSAGES):
        which = chance.randrange(number + 1) if chance.random() < 0.4 else number
        head = (
            f"Delivered-To: {chance.choice(recipients)}\r\nFrom: jane@client.example\r\nTo: sales@abc.com\r\n"
        )
        octets = f"{head}Message-ID: <{which}@client.example>\r\n\r\nletter {which}\r\n".encode()
        odd = {0: b"\x00\xff" + octets, 1: b"", 2: SENT}
        found.append(odd.get(chance.randrange(20), octets))
    return found


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same mail as an mbox, as a Maildir and as tables, and two sites."""
    folder = tmp_path_factory.mktemp("mail")
    messages = letters()
    (folder / "all.mbox").write_bytes(b"".join(b"From x\n" + one + b"\n\n" for one in messages))
    for box in ("cur", "new", "tmp"):
        (folder / "Maildir" / box).mkdir(parents=True)
    for number, octets in enumerate(messages):
        (folder / "Maildir" / "cur" / f"{number:04}:2,S").write_bytes(octets)
    (folder / "parts").mkdir()
    for part in range(2):
        some = messages[part * MESSAGES // 2 : (part + 1) * MESSAGES // 2]
        pq.write_table(pa.table({"octets": some}), folder / "parts" / f"{part}.parquet", row_group_size=40)
    (folder / "now.toml").write_text(SITE)
    (folder / "then.toml").write_text(
        SITE.replace("id = 1234", "id = 99").replace("action = 1234", "action = 99")
    )
    return folder


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one worker."""
    with Cluster() as cluster:
        cluster.worker()
        yield cluster.address


def site(mail: Path, name: str) -> str:
    return site_text(load_toml(mail / name))


def rows(found: Answers) -> list[dict[str, object]]:
    """The answers of the table, as `as_json` gives them."""
    parts = [pq.read_table(part).to_pylist() for part in sorted(found.folder.glob("part-*"))]
    return [row for part in parts for row in part if row.pop("error") is None]


def routed(site_file: Path, corpus: Corpus) -> list[dict[str, object]]:
    """What one process decides."""
    return [one.as_json() for one in load_site(site_file).route_all(corpus)]


@pytest.mark.parametrize("form", ["all.mbox", "Maildir", "parts"])
def test_every_form_of_mail_is_routed_as_by_one_process(
    mail: Path, scheduler: str, tmp_path: Path, form: str
) -> None:
    """Name for name and octet for octet of evidence; copies are known however far apart they lie."""
    corpus = read_mail(mail / form)
    asked = plan(Route(site(mail, "now.toml")), corpus, tmp_path, SIZE)
    expected = list(load_site(mail / "now.toml").route_all(corpus))

    found = answers(asked, scheduler=scheduler)

    assert len(asked.pieces) >= 8
    assert rows(found) == [one.as_json() for one in expected]
    assert found.messages == MESSAGES
    assert found.groups() == Counter((one.outcome.value, one.reason.value) for one in expected)
    assert {one.reason.value for one in expected} >= {"duplicate", "sent-copy", "no-header", "alias"}
    assert any("R4.13" in str(one) and one.outcome == "delivered" for one in expected)
    assert pd.read_parquet(tmp_path / "decisions")["message"].tolist() == [one.message for one in expected]
    assert [*tmp_path.iterdir()] == [tmp_path / "decisions"]
    assert not (tmp_path / "decisions" / ".work").exists()


def test_two_sites_are_compared_as_by_one_process(mail: Path, scheduler: str, tmp_path: Path) -> None:
    """Message by message, groups in the same order."""
    corpus = read_mail(mail / "all.mbox")
    asked = plan(Diff(site(mail, "now.toml"), site(mail, "then.toml")), corpus, tmp_path, SIZE)
    expected = difference(load_site(mail / "now.toml"), load_site(mail / "then.toml"), corpus)

    found = answers(asked, scheduler=scheduler)

    assert len(expected.groups()) > 3
    assert rows(found) == expected.as_json()["changed"]
    assert found.messages == expected.messages
    sizes = {group: len(members) for group, members in expected.groups().items()}
    assert found.groups().most_common() == [*sizes.items()]


def test_totals_are_told_and_where_the_answers_are(
    mail: Path, scheduler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all forms of mail at once, with the status of one process; and again from the table alone."""
    now, then = (["--site", str(mail / name)] for name in ("now.toml", "then.toml"))
    out = ["--out", str(tmp_path / "out")]
    assert main(["route", str(mail), *now, "--json"]) == 0
    expected = Counter(
        (one["outcome"], one["reason"]) for one in map(json.loads, capsys.readouterr().out.splitlines())
    )
    assert main(["diff", str(mail), *now, *then]) == 1
    compared = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith(" ")]

    for cluster in (["--scheduler", scheduler], []):
        assert main(["route", str(mail), *now, *out, *cluster]) == 0
        [head, *told, blank, totals, place] = capsys.readouterr().out.splitlines()
        assert head.split() == ["OUTCOME", "REASON", "MESSAGES"]
        assert [tuple(line.split()) for line in told] == [
            (*group, str(size)) for group, size in expected.most_common()
        ]
        assert (blank, place) == ("", f"The table: {tmp_path / 'out' / 'decisions'}")
        assert (
            f"delivered {sum(size for group, size in expected.items() if group[0] == 'delivered')}" in totals
        )
        assert main(["diff", str(mail), *now, *then, *out, *cluster]) == 1
        assert capsys.readouterr().out.splitlines() == [
            *compared,
            f"The table: {tmp_path / 'out' / 'changes'}",
        ]


def test_totals_as_json_are_one_document(
    mail: Path, scheduler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the path; the rows are in the table."""
    box, now, then = str(mail / "all.mbox"), str(mail / "now.toml"), str(mail / "then.toml")
    options = ["--out", str(tmp_path), "--scheduler", scheduler, "--json"]
    assert main(["route", box, "--site", now, *options]) == 0
    route = json.loads(capsys.readouterr().out)
    assert main(["diff", box, "--site", now, "--site", then, *options]) == 1
    diff = json.loads(capsys.readouterr().out)

    decisions, changes = (pd.read_parquet(told["table"]) for told in (route, diff))
    assert route["messages"] == diff["messages"] == len(decisions) == MESSAGES
    counted = decisions.groupby(["outcome", "reason"]).size().to_dict()
    assert {(one["outcome"], one["reason"]): one["messages"] for one in route["totals"]} == counted
    assert diff["changed"] == sum(one["messages"] for one in diff["groups"]) == len(changes) > 0
    assert {one["cause"] for one in diff["groups"]} == set(changes["cause"])


def test_a_message_that_cannot_be_read_does_not_stop_the_others(
    mail: Path, scheduler: str, tmp_path: Path
) -> None:
    """It has a row with the error, and is told at the end."""
    box = tmp_path / "box"
    box.mkdir()
    for number in range(30):
        (box / f"{number:02}.eml").write_bytes(letters()[number])
    corpus = read_mail(box)
    asked = plan(Route(site(mail, "now.toml")), corpus, tmp_path, 500)
    gone = [box / f"{number:02}.eml" for number in range(4, 16)]
    for path in gone:
        path.unlink()

    found = answers(asked, scheduler=scheduler)

    assert len(rows(found)) == found.messages == 18
    with pytest.raises(CorpusError) as told:
        found.check()
    lines = str(told.value).splitlines()
    assert lines[0].startswith(f"{gone[0]}: cannot be read: No such file")
    assert lines[10:] == ["and 2 other messages; the table tells them"]
    table = pd.read_parquet(tmp_path / "decisions")
    assert table["error"].notna().sum() == 12


def test_a_damaged_part_is_told_in_a_line(mail: Path, scheduler: str, tmp_path: Path) -> None:
    """With what to do, which makes it good; whatever became of it."""
    corpus = read_mail(mail / "all.mbox")
    asked = plan(Route(site(mail, "now.toml")), corpus, tmp_path, 15_000)
    expected = rows(answers(asked, scheduler=scheduler))
    part = asked.work.part(1)
    whole = part.read_bytes()
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"message": ["x"]}), other)

    for damaged in (b"", b"\xff" * len(whole), other.read_bytes()):
        part.write_bytes(damaged)
        with pytest.raises(PartitionError) as told:
            answers(asked).groups()
        assert str(told.value) == f"{part}: is damaged; remove it, and run it again, which makes it anew"
    part.unlink()
    assert rows(answers(asked, scheduler=scheduler)) == expected


def test_a_worker_that_is_killed_loses_nothing(mail: Path, cluster: Cluster, tmp_path: Path) -> None:
    """Its pieces are done by the other; the answers are the same."""
    first, _ = cluster.worker(), cluster.worker()
    corpus = read_mail(mail / "all.mbox")
    asked = plan(Route(site(mail, "now.toml")), corpus, tmp_path, SIZE)
    done = 0

    def kill_first(steps: int) -> None:
        nonlocal done
        done += steps
        if done == 3:
            os.kill(first.pid, signal.SIGKILL)

    found = answers(asked, scheduler=cluster.address, progress=kill_first)

    assert first.wait() == -signal.SIGKILL
    assert done == asked.steps
    assert rows(found) == routed(mail / "now.toml", corpus)


@pytest.mark.parametrize("eighths", [2, 7])
def test_what_was_done_is_not_done_again(mail: Path, scheduler: str, tmp_path: Path, eighths: int) -> None:
    """Of a run that ended while pieces were decided, or settled; the answers are the same."""
    corpus = read_mail(mail / "Maildir")
    asked = plan(Route(site(mail, "now.toml")), corpus, tmp_path, SIZE)
    steps = asked.steps * eighths // 8
    done = 0

    def stop(more: int) -> None:
        nonlocal done
        done += more
        if done >= steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers(asked, scheduler=scheduler, progress=stop)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("decisions/.work/keys/part-*")}
    kept |= {path: path.stat().st_mtime_ns for path in tmp_path.glob("decisions/part-*")}
    assert kept
    again: list[int] = []

    found = answers(asked, scheduler=scheduler, progress=again.append)

    assert again[0] >= min(steps, len(asked.pieces)) - 1
    assert sum(again) == asked.steps
    assert {path: path.stat().st_mtime_ns for path in kept if path.exists()}.items() <= kept.items()
    assert rows(found) == routed(mail / "now.toml", corpus)


def test_the_table_of_other_mail_is_not_touched(mail: Path, scheduler: str, tmp_path: Path) -> None:
    """Nor that of another site, nor anything else that is there."""
    corpus = read_mail(mail / "parts" / "0.parquet")
    answers(plan(Route(site(mail, "now.toml")), corpus, tmp_path), scheduler=scheduler)
    for other in (
        plan(Route(site(mail, "then.toml")), corpus, tmp_path),
        plan(Route(site(mail, "now.toml")), read_mail(mail / "parts" / "1.parquet"), tmp_path),
    ):
        with pytest.raises(PartitionError, match="holds the table of other mail or of another site"):
            answers(other, scheduler="nowhere")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "decisions").symlink_to(tmp_path / "decisions")
    with pytest.raises(PartitionError, match="decisions is a symbolic link"):
        answers(plan(Route(site(mail, "now.toml")), corpus, tmp_path / "linked"))
    (tmp_path / "decisions" / ".of").unlink()
    with pytest.raises(PartitionError, match="name another folder"):
        answers(plan(Route(site(mail, "now.toml")), corpus, tmp_path))


def test_what_a_run_leaves_is_nobody_else_s(mail: Path, scheduler: str, tmp_path: Path) -> None:
    """A run that was stopped decides neither of another site nor of another question; what else is there stays."""
    corpus = read_mail(mail / "all.mbox")
    now, then = site(mail, "now.toml"), site(mail, "then.toml")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")

    def stop(steps: int) -> None:
        if steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers(plan(Route(now), corpus, tmp_path, SIZE), scheduler=scheduler, progress=stop)
    compared = answers(plan(Diff(now, then), corpus, tmp_path, SIZE), scheduler=scheduler)
    shutil.rmtree(tmp_path / "decisions")
    found = answers(plan(Route(then), corpus, tmp_path, SIZE), scheduler=scheduler)

    sites = load_site(mail / "now.toml"), load_site(mail / "then.toml")
    assert rows(found) == routed(mail / "then.toml", corpus)
    assert rows(compared) == difference(*sites, corpus).as_json()["changed"]
    assert (tmp_path / "work" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "keys", "first", "copies"])
def test_nothing_in_hand_is_written_through_a_link(
    mail: Path, scheduler: str, tmp_path: Path, name: str
) -> None:
    """That stands in the folder of the answers."""
    victim = tmp_path / "victim"
    victim.mkdir()
    asked = plan(Route(site(mail, "now.toml")), read_mail(mail / "all.mbox"), tmp_path, SIZE)
    answers(asked, scheduler=scheduler)
    asked.work.part(0).unlink()
    link = asked.work.scratch / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)

    with pytest.raises(PartitionError, match=f"{link.name} is a symbolic link, which is not followed"):
        answers(asked, scheduler=scheduler)
    assert [*victim.iterdir()] == []


def test_a_question_holds_no_password(mail: Path) -> None:
    """It goes to workers, whose scheduler and disk hold it for a while (R1.11)."""
    now, then = site(mail, "now.toml"), site(mail, "then.toml")
    for question in (Route(now), Diff(now, then)):
        asked = plan(question, read_mail(mail / "all.mbox"), mail / "out")
        assert b"matters@abc.com" in pickle.dumps(asked.work)
        assert b"hidden treasure" not in pickle.dumps(asked.work)


def test_bad_usage_is_told_in_a_line(
    mail: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is done."""
    command = ["route", str(mail / "all.mbox"), "--site", str(mail / "now.toml")]
    out = ["--out", str(tmp_path / "out")]
    assert main([*command, "--workers", "2"]) == 2
    assert "give --out DIR" in capsys.readouterr().err
    assert main([*command, *out, "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "give one of them" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*command, *out]) == 2
    assert not_installed("Dask", "sweep") in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*/part-*"))
