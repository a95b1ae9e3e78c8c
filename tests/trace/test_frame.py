"""The trace as a pandas table: columns, order and types of the contract."""

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd

from mailsim.trace import Event, Step, Trace

CONTRACT = {
    "serial": "int64",
    "time": "datetime64[us, UTC]",
    "trace_id": "category",
    "message_id": "category",
    "step": "category",
    "place": "category",
    "peer": "category",
    "sender": "category",
    "recipient": "category",
    "size": "int64",
    "outcome": "category",
    "reason": "category",
    "rule": "category",
    "detail": "str",
}
TIME = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


def event(serial: int, step: Step, time: datetime = TIME) -> Event:
    """An event with some fields."""
    return Event(
        serial=serial, time=time, trace_id="t1", message_id="<1@x>", step=step, place="p", size=2**40
    )


def types(table: pd.DataFrame) -> dict[str, str]:
    """Each column's type, in order."""
    return {str(name): str(dtype) for name, dtype in table.dtypes.items()}


def test_columns_and_types_are_the_contract_s() -> None:
    """In order, whatever the events hold."""
    table = Trace([event(0, Step.COMPOSED), event(1, Step.DECIDED)]).frame()

    assert types(table) == CONTRACT
    assert list(table.index) == [0, 1]
    assert list(table["step"].cat.categories) == ["composed", "decided"]
    assert list(table["size"]) == [2**40, 2**40]


def test_an_empty_trace_has_the_same_types() -> None:
    """So that a query works on it."""
    table = Trace().frame()

    assert types(table) == CONTRACT
    assert len(table) == 0
    assert table.query("step == 'decided'").empty


def test_times_are_utc_to_the_microsecond() -> None:
    """Whatever zone an event's time was in."""
    elsewhere = TIME.astimezone(timezone(timedelta(hours=13)))
    table = Trace([event(0, Step.COMPOSED), event(1, Step.COMPOSED, elsewhere)]).frame()

    assert list(table["time"]) == [pd.Timestamp(TIME)] * 2
    assert table["time"].iloc[0].microsecond == 123456


def test_steps_are_plain_words() -> None:
    """They compare, group and count as text."""
    table = Trace([event(serial, step) for serial, step in enumerate([*Step, *Step])]).frame()

    assert dict(table["step"].value_counts()) == {step.value: 2 for step in Step}
    assert {type(word) for word in table["step"].cat.categories} == {str}


def test_senders_and_recipients_can_be_compared() -> None:
    """Pandas compares categories only where they are the same."""
    whole = event(0, Step.STORED)
    table = Trace(
        [whole._replace(sender="a@x", recipient="b@x"), whole._replace(sender="b@x", recipient="b@x")]
    ).frame()

    assert list(table["sender"] == table["recipient"]) == [False, True]
