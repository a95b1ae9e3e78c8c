import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mailsim.mail import Message
from mailsim.practice.site import load_site
from mailsim.study.demo import Demo, demo
from mailsim.study.folder import OutError
from mailsim.study.workload import Workload
from mailsim.world.lab import Lab


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def result(out: Path) -> Demo:
    return demo(20, 7, out)


def test_each_provider_has_its_say(result: Demo) -> None:
    """Accepted: all back to their action. Rewritten: all in Unassigned, known for whom. Rejected: none leaves."""
    document = result.as_json()

    accept, rewrite, reject = (row.as_json() for row in result.providers)
    assert document["providers"] == [accept, rewrite, reject]
    assert accept == {
        "policy": "accept", "sent": 7, "refused": 0, "replies": 7, "delivered": 7, "unassigned": 0, "fallback": 0,
    }  # fmt: skip
    assert rewrite == {
        "policy": "rewrite", "sent": 7, "refused": 0, "replies": 7, "delivered": 0, "unassigned": 7, "fallback": 0,
        "reasons": {"sender-rewritten": 7}, "meant_for_known": 7,
    }  # fmt: skip
    [(said, times)] = result.providers[2].replies_from_server.items()
    del reject["replies_from_server"]
    assert said.startswith("554 5.2.252 SendAsDenied; matters@abc.com not allowed to send as {from};")
    assert times == 6
    real = result.providers[2].example_replies[said]
    assert said.partition("{from}")[2] == real.partition("@abc.com;")[2].join([";", ""])
    assert "{" not in real
    assert reject == {
        "policy": "reject", "sent": 0, "refused": 6, "replies": 0, "delivered": 0, "unassigned": 0, "fallback": 0,
    }  # fmt: skip
    assert (document["messages"], document["lost"], document["duplicated"]) == (20, 0, 0)


def test_the_trace_and_the_messages_are_written(result: Demo, out: Path) -> None:
    """Parquet and JSON Lines hold the same events; every delivered copy is a readable `.eml`."""
    rows = [json.loads(line) for line in (out / "trace.jsonl").read_text("utf-8").splitlines()]
    table = pq.read_table(out / "trace.parquet")

    assert table.num_rows == len(rows) == len(result.trace)
    assert [row["serial"] for row in rows] == list(range(len(rows)))
    letters = sorted((out / "messages").rglob("*.eml"))
    assert len(letters) == 14
    assert len(list((out / "messages" / "rewrite" / "unassigned").iterdir())) == 7
    assert all(Message(path.read_bytes()).defect is None for path in letters)


def test_one_misrouted_answer_is_a_whole_story(result: Demo) -> None:
    """From the action's letter to Unassigned."""
    assert result.misrouted is not None
    story = [event.step.value for event in result.trace.story(result.misrouted)]

    assert story[0] == "composed"
    assert {"rewritten", "replied", "decided", "removed"} < set(story)


def test_the_same_seed_gives_the_same_mail(result: Demo, tmp_path: Path) -> None:
    """But for times and the order across messages (R6.3)."""

    def told(one: Demo) -> list[tuple[str, ...]]:
        # Trace ids of answers depend on the order of arrival only through their letters', so they agree too.
        return sorted(
            (
                event.trace_id,
                event.step,
                event.place,
                event.message_id,
                event.sender,
                event.recipient,
                event.outcome,
            )
            for event in one.trace
        )

    assert told(demo(20, 7, tmp_path)) == told(result)


def test_a_folder_that_no_demo_wrote_is_left_alone(tmp_path: Path) -> None:
    """It is named, and nothing in it changes; a folder of an earlier demo is written anew."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(OutError, match="no demo wrote it; name another folder with --out"):
        demo(3, 1, tmp_path)
    with pytest.raises(OutError, match="cannot be written"):
        demo(3, 1, tmp_path / "notes.txt" / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_earlier_demo_s_folder_is_written_anew_and_keeps_what_is_not_the_demo_s(tmp_path: Path) -> None:
    """Fewer letters leave no file of the longer run behind."""
    demo(12, 1, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")

    demo(3, 1, tmp_path)

    assert len(list((tmp_path / "messages").rglob("*.eml"))) == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {
        ".mailsim-demo",
        "messages",
        "sites",
        "notes.txt",
        "trace.jsonl",
        "trace.parquet",
    }


def test_what_the_store_does_not_hold_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the trace says of it: nothing reached anybody that cannot be read there."""
    monkeypatch.setattr(Lab, "mailbox", lambda _lab, _target: ())

    result = demo(6, 1, tmp_path)

    assert result.lost == 4
    assert [(row.delivered, row.unassigned) for row in result.providers] == [(0, 0), (0, 0), (0, 0)]


@pytest.mark.parametrize("policy", ["accept", "rewrite"])
def test_a_site_decides_on_the_messages_as_the_practice_did(policy: str, result: Demo, out: Path) -> None:
    """Each provider's messages have their site beside them."""
    site = load_site(out / "sites" / f"{policy}.toml")
    files = sorted((out / "messages" / policy).rglob("*.eml"))

    decisions = list(site.route_all((path.parent.name, path.read_bytes()) for path in files))

    assert len(decisions) == 7
    assert all(decision.targets == (str(decision.message).replace("-", ":"),) for decision in decisions)
    assert all((decision.meant_for is not None) == (policy == "rewrite") for decision in decisions)


def test_a_workload_is_repeatable_and_reaches_nobody_real() -> None:
    """One seed, one workload; every address is on a reserved domain (RFC 2606)."""
    first, second = Workload(3), Workload(3)

    assert list(first.letters(50)) == list(second.letters(50))
    assert all(address.endswith(".example") for address in first.correspondents)
    assert list(Workload(4).letters(5)) != list(Workload(3).letters(5))
