"""One row a message: what became of it, told from the events alone."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mailsim
from mailsim.trace import Event, Step, Trace
from mailsim.trace.messages import COLUMNS

from .test_files import ONE

SCENARIO: dict[str, Any] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "action": [{"id": 1234, "name": "Smith v Jones"}, {"id": 5}],
    "user": [{"name": "mary"}, {"name": "john"}],
    "alias": [{"address": "sales@abc.com", "mailboxes": ["mary", "john"]}],
    "correspondent": [{"address": "jane@client.example", "delay": "2h"}],
}


@pytest.fixture(scope="module")
def rows() -> dict[str, pd.DataFrame]:
    """The messages of a world with each provider's habit, by its sender policy."""
    found = {}
    for policy in ("accept", "rewrite", "reject"):
        with mailsim.Lab(SCENARIO | {"provider": {"sender_policy": policy}}) as world:
            world.send(from_action=1234, to="jane@client.example", subject="Draft")
            world.send(to="sales@abc.com", subject="Inside")
            world.receive(from_address="peter@shop.example", to="a99@abc.com", subject="Offer")
            world.receive(from_address="peter@shop.example", to="sales@abc.com", subject="Offer")
            world.receive(
                to="nobody@abc.com", octets=b"Subject: \0\n\nbody\n", from_address="peter@shop.example"
            )
            world.settle()
            world.collect()
            world.settle()
        found[policy] = world.trace.messages()
    return found


def row(table: pd.DataFrame, **having: str) -> dict[str, object]:
    """The one row that has these values."""
    chosen = table
    for column, value in having.items():
        chosen = chosen[chosen[column] == value]
    [only] = chosen.to_dict("records")
    return {str(key): value for key, value in only.items()}


def test_a_letter_and_its_answer_that_comes_home(rows: dict[str, pd.DataFrame]) -> None:
    """The answer is meant for the action, and gets there."""
    letter = row(rows["accept"], origin="action:1234")
    answer = row(rows["accept"], origin="jane@client.example")

    assert (letter["sender"], letter["recipient"]) == ("a1234@abc.com", "jane@client.example")
    assert (letter["outcome"], letter["targets"], letter["meant_for"], letter["misrouted"]) == (
        "stored",
        "",
        "",
        False,
    )
    assert (answer["outcome"], answer["reason"], answer["targets"]) == (
        "delivered",
        "action-address",
        "action:1234",
    )
    assert (answer["meant_for"], answer["misrouted"]) == ("action:1234", False)
    assert answer["trace_id"] == letter["trace_id"]
    assert answer["provider"] == letter["provider"] == "smtp.abc.com"
    assert answer["time"] - letter["time"] >= pd.Timedelta(hours=2)  # type: ignore[operator] # two times
    assert pd.Timedelta(0) < answer["latency"] < pd.Timedelta(minutes=1)  # type: ignore[operator] # a duration


def test_an_answer_that_goes_astray(rows: dict[str, pd.DataFrame]) -> None:
    """Meant for the action, and in Unassigned."""
    answer = row(rows["rewrite"], origin="jane@client.example")

    assert (answer["outcome"], answer["reason"], answer["targets"]) == (
        "unassigned",
        "sender-rewritten",
        "unassigned",
    )
    assert (answer["meant_for"], answer["misrouted"]) == ("action:1234", True)


def test_a_letter_that_is_refused(rows: dict[str, pd.DataFrame]) -> None:
    """The reason is the server's words; nobody answers."""
    letter = row(rows["reject"], origin="action:1234")

    assert letter["outcome"] == "refused"
    assert str(letter["reason"]).startswith("5")
    assert "jane@client.example" not in set(rows["reject"]["origin"])


def test_mail_from_outside_and_inside(rows: dict[str, pd.DataFrame]) -> None:
    """To nobody's address, to several mailboxes, unreadable, and delivered inside without SMTP."""
    table = rows["accept"]
    unknown = row(table, recipient="a99@abc.com")
    several = row(table, recipient="sales@abc.com", origin="peter@shop.example")
    unreadable = row(table, recipient="nobody@abc.com")
    inside = row(table, recipient="sales@abc.com", origin="practice")

    assert (unknown["outcome"], unknown["reason"], unknown["misrouted"]) == (
        "unassigned",
        "no-such-action",
        False,
    )
    assert (several["outcome"], several["targets"]) == ("delivered", "mailbox:mary, mailbox:john")
    assert (unreadable["outcome"], unreadable["message_id"], unreadable["size"]) == ("fallback", "", 20)
    assert unreadable["targets"] == "fallback:help@elsewhere.example"
    assert (inside["outcome"], inside["targets"], inside["provider"]) == (
        "delivered",
        "mailbox:mary, mailbox:john",
        "",
    )


def test_rows_and_hops_account_for_every_event(rows: dict[str, pd.DataFrame]) -> None:
    """In order of time, with the columns promised; a POP3 session is about no message."""
    with mailsim.Lab(SCENARIO) as world:
        world.send(from_action=5, to="jane@client.example")
        world.settle()
        world.collect()
    table = world.trace.messages()

    assert tuple(table.columns) == COLUMNS
    assert table["hops"].sum() == sum(event.step is not Step.OPENED for event in world.trace)
    assert table["time"].is_monotonic_increasing


def test_the_latency_of_an_answer_is_from_its_writing_to_the_action() -> None:
    """Of it the hours in which it lay at the provider until the practice collected; of a letter the way there only."""
    events = [
        {"send": {"from_action": 5, "to": ["jane@client.example"]}},
        {"at": "+6h", "collect": {}},
    ]
    with mailsim.Simulation(SCENARIO | {"event": events}) as world:
        world.run()
    letter, answer = world.trace.messages().to_dict("records")
    [replied] = world.trace.steps(Step.REPLIED)
    *_, delivered = world.trace.steps(Step.DELIVERED)

    assert (answer["time"], answer["targets"]) == (replied.time, "action:5")
    assert answer["latency"] == delivered.time - replied.time == pd.Timedelta(hours=4)
    assert letter["latency"] < pd.Timedelta(minutes=1)


def test_what_is_on_its_way() -> None:
    """It has no end, so no latency."""
    moving = row(ONE.messages())

    assert moving["outcome"] == "moving"
    assert moving["latency"] is pd.NaT


def test_an_empty_trace_has_the_same_types(rows: dict[str, pd.DataFrame]) -> None:
    """So that a query works on it."""
    empty = Trace().messages()

    assert {name: kind.name for name, kind in empty.dtypes.items()} == {
        name: kind.name for name, kind in rows["accept"].dtypes.items()
    }


def test_an_answer_is_misrouted_only_at_its_end() -> None:
    """While it waits at the provider nobody knows."""
    events = [
        (Step.COMPOSED, "practice", "action:7", "<1>"),
        (Step.REPLIED, "jane@x", "", "<2>"),
        (Step.STORED, "matters@abc.com", "", "<2>"),
    ]
    trace = Trace(
        [
            Event(
                serial=n, time=ONE[0].time, trace_id="t1", message_id=id_, step=step, place=place, peer=peer
            )
            for n, (step, place, peer, id_) in enumerate(events)
        ]
    )
    waiting = row(trace.messages(), message_id="<2>")

    assert (waiting["outcome"], waiting["meant_for"], waiting["misrouted"]) == ("stored", "action:7", False)


@pytest.mark.parametrize(("why", "outcome"), [("", "stored"), ("removed by a fault", "removed")])
def test_what_is_gone_from_its_mailbox(why: str, outcome: str) -> None:
    """Another program may have collected it; a fault has not."""
    rows = [(Step.COMPOSED, ""), (Step.STORED, ""), (Step.REMOVED, why)]
    trace = Trace([ONE[0]._replace(serial=n, step=step, reason=why) for n, (step, why) in enumerate(rows)])
    [row] = trace.messages().to_dict("records")

    assert (row["outcome"], row["reason"]) == (outcome, why)
    assert row["latency"] == pd.Timedelta(0)


LIST = b"Message-ID: <1@x.example>\r\nFrom: bob@x.example\r\nTo: list@x.example\r\n\r\nhi\r\n"


OTHER = {"mailbox": SCENARIO["mailbox"] | {"default_sender": "m@xyz.example"}, "action": [{"id": 7}]}


@pytest.mark.parametrize(
    ("to", "provider", "expected"),
    [
        ("a1234@abc.com", {"profile": "gmail"}, ("unassigned", "action:1234", True)),
        ("A01234@ABC.com", {"profile": "gmail"}, ("unassigned", "action:1234", True)),
        ("a1234@abc.com", {}, ("delivered", "action:1234", False)),
        ("a1234@abc.com", {"catch_all": "refuse"}, ("bounced", "action:1234", True)),
        ("a1234@abc.com", {"faults": ["mx:DATA-END:1:lose"]}, ("discarded", "action:1234", True)),
        ("a99@abc.com", {}, ("unassigned", "", False)),
        ("sales@abc.com", {}, ("delivered", "", False)),
        (["a1234@abc.com", "a5@abc.com"], {}, ("delivered", "", False)),
        ("a7@xyz.example", {}, ("delivered", "xyz.example/action:7", False)),
        ("a7@abc.com", {}, ("unassigned", "", False)),
    ],
)
def test_mail_from_outside_is_for_the_action_that_its_envelope_names(
    to: str, provider: dict[str, object], expected: tuple[str, str, bool], tmp_path: Path
) -> None:
    """Whatever its header says; the story of the message says the same, and so does a file of the run."""
    with mailsim.Simulation(SCENARIO | {"provider": provider, "practice": [OTHER]}) as world:
        world.receive(to=to, from_address="bob@x.example", octets=LIST)
        for practice in (None, "xyz.example"):
            world.collect(practice=practice)
    first, *_ = world.trace.messages().to_dict("records")

    assert (first["outcome"], first["meant_for"], first["misrouted"]) == expected
    if first["misrouted"]:
        assert f"It was meant for {first['meant_for']}; it did not get there." in str(world.trace.why())
    world.trace.write(tmp_path / "run.parquet")
    again, *_ = mailsim.read_trace(tmp_path / "run.parquet").messages().to_dict("records")
    assert again == first


def test_what_the_practice_writes_of_itself_and_letters_are_for_nobody_that_is_told() -> None:
    """Their recipients may be several, and are people's."""
    with mailsim.Simulation(SCENARIO) as world:
        world.send(to="a1234@abc.com", subject="Of no action")
        world.send(to="a5@abc.com", from_action=1234, subject="A letter")

    assert list(world.trace.messages()["meant_for"]) == ["", ""]


@pytest.mark.parametrize(
    "tables",
    [
        {"mailbox": 1},
        {"mailbox": {"default_sender": "?"}, "action": 7},
        {"mailbox": {"default_sender": "m@abc.com"}, "action": [1, {"id": "1"}], "practice": [2, {}]},
    ],
)
def test_tables_that_are_none_name_nobody(tables: dict[str, object]) -> None:
    """A file's scenario is whatever stands in it."""
    outside = ONE[0]._replace(place="bob@x.example", peer="", recipient="a1@abc.com")

    assert list(Trace([outside], retold=lambda: tables).messages()["meant_for"]) == [""]


def test_messages_are_told_when_a_file_of_the_run_is_gone(tmp_path: Path) -> None:
    """Then nothing plays it again, and nobody knows whom its envelope named."""
    file = tmp_path / "scenario.toml"
    file.write_text(
        '[mailbox]\ntype = "catch-all"\ndefault_sender = "matters@abc.com"\nfallback_address = "h@e.example"\n'
        '[[action]]\nid = 1234\n[[event]]\nreceive = { file = "one.eml", to = "a1234@abc.com" }\n',
        "utf-8",
    )
    brought = tmp_path / "one.eml"
    brought.write_bytes(LIST)
    with mailsim.Simulation(file) as world:
        world.run()
    assert row(world.trace.messages())["meant_for"] == "action:1234"
    brought.unlink()

    assert world.trace.scenario is None
    assert row(world.trace.messages())["meant_for"] == ""


def test_conversations_keep_apart_what_has_the_same_id() -> None:
    """As where runs of the same seed stand in one trace."""
    again = ONE[0]._replace(serial=1, trace_id="t2", step=Step.STORED)

    assert list(Trace([*ONE, again]).messages()["outcome"]) == ["moving", "stored"]


def test_a_copy_of_what_was_sent_is_no_end_of_the_letter() -> None:
    """The provider puts one into the system mailbox (R5.8); the letter itself was stored outside."""
    rows = [(Step.COMPOSED, "", ""), (Step.STORED, "", ""), (Step.DECIDED, "duplicate", "sent-copy")]
    trace = Trace(
        [
            ONE[0]._replace(serial=n, step=step, outcome=outcome, reason=why)
            for n, (step, outcome, why) in enumerate(rows)
        ]
    )

    assert list(trace.messages()["outcome"]) == ["stored"]
