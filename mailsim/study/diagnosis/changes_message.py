"""Changes of the message: one header field, or one fault that made it unreadable."""

from collections.abc import Iterator
from dataclasses import replace

from mailsim.mail import Message
from mailsim.practice.decision import shown
from mailsim.study.diagnosis.changes_target import target_addresses
from mailsim.study.diagnosis.fields import Anatomy
from mailsim.study.diagnosis.mending import MENDINGS
from mailsim.study.diagnosis.remedy import Change, Kind
from mailsim.study.diagnosis.situation import Situation


def message_changes(now: Situation, target: str) -> Iterator[Change]:
    """Those of one header field, or of one fault that made the message unreadable."""
    anatomy = Anatomy.of(now.message)
    reads = now.site.rules.header or "Delivered-To"
    for address in target_addresses(now.site, target):
        for name in dict.fromkeys((reads, "To")):
            yield _message(f"{name}: {address}", anatomy.with_field(name, str(address)).message())
    kind, _, number = target.partition(":")
    if kind == "action":
        newest = [message_id for message_id, action in now.site.sent.items() if str(action) == number][-1:]
        for message_id in newest:
            yield _message(
                f"In-Reply-To: {message_id}", anatomy.with_field("In-Reply-To", message_id).message()
            )
        token = f"[a{number}] {now.message.value('Subject') or ''}".strip()
        yield _message(f"Subject: {shown(token)}", anatomy.with_field("Subject", token).message())
    for name, mended in _mended(now.message):
        yield _message(name, mended)
    for field, rest in anatomy.each_left_out():
        text = shown(" ".join(field.raw.decode("utf-8", "replace").split()))
        yield _message(f"without {text}", rest.message())


def _mended(message: Message) -> Iterator[tuple[str, Message]]:
    for words, mend in MENDINGS:
        octets = mend(message)
        if octets is not None and octets != message.octets:
            yield words, Message(octets)


def _message(words: str, message: Message) -> Change:
    def make(now: Situation) -> Situation:
        return replace(now, message=message)

    return Change(
        Kind.MESSAGE,
        f"the message with {words}" if not words.startswith("without") else f"the message {words}",
        10,
        make,
    )
