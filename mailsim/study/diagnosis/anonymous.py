"""Personal data replaced, the same by the same, in a message and its site: names, addresses, ids, subjects.

What is kept is what routing is about: the IDs of actions, tags behind "+", prefixes such as `Re:`, tokens such as
`[a1234]`, addresses of machines, domains of mail services. Domains become names that RFC 2606 reserves.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from mailsim.mail import Message
from mailsim.practice.site import Site
from mailsim.study.diagnosis.causes_sender import RENAMING
from mailsim.study.diagnosis.fields import Anatomy, Field
from mailsim.world.orders import inline, is_inline, message_file

PRACTICE = "practice.example"
_ADDRESS = re.compile(r"([^\s<>\"'(),:;@\[\]\\]+)@([A-Za-z0-9_\-\x80-\xff]+(?:\.[A-Za-z0-9_\-\x80-\xff]+)*)")
_MACHINE = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|somebody)\Z", re.IGNORECASE)
_LIKE_AN_ACTION = re.compile(r"[^0-9]{0,2}[0-9][0-9lIoO._\-]*\Z|.*[=?\x80-\xff]")
_SAID = re.compile(r"\[a[0-9]+\]|^\s*[A-Za-z]{1,6}(?:\[\d+\])?\s*:", re.IGNORECASE)
_NAMING = frozenset({"from", "to", "cc", "sender", "reply-to", "resent-to", "resent-from"})
_TEXT = frozenset({"subject", "comments", "keywords", "organization", "thread-topic"})
_DISPLAY = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^,<>"@]+)[ \t]*<')


class Anonymity:
    """One replacing: equal things become equal names.

    Args:
        site: Whose domain and system mailbox get names of their own.
        inside: Whether local parts of the practice's own domain are replaced too.
    """

    def __init__(self, site: Site, *, inside: bool) -> None:
        self._own = site.directory.domain
        self._system = site.rules.system.local.lower()
        self._inside = inside
        self._names: dict[tuple[str, str], str] = {}

    def message(self, message: Message) -> Message:
        """The message with nobody named."""
        anatomy = Anatomy.of(message)
        fields = tuple(self._field(field) for field in anatomy.fields)
        body = self._text(anatomy.body.decode("latin-1")).encode("latin-1")
        return anatomy._replace(fields=fields, body=body).message()

    def tables(self, tables: Mapping[str, object]) -> dict[str, object]:
        """A site's tables with nobody named: users become user1 and so on, actions lose their names."""
        text = self._text(json.dumps(tables, ensure_ascii=False))
        named: dict[str, object] = json.loads(text)
        for action in _rows(named, "action"):
            action.pop("name", None)
        for user in _rows(named, "user"):
            user["name"] = self._name("user", str(user["name"]))
        for alias in _rows(named, "alias"):
            boxes = alias["mailboxes"]
            alias["mailboxes"] = (
                [self._name("user", str(box)) for box in boxes] if isinstance(boxes, list) else []
            )
        return named

    def scenario(self, tables: Mapping[str, object]) -> dict[str, object]:
        """A scenario's tables with nobody named, in its events, its zone and the messages that it holds."""
        named = self.tables(tables)
        for event in _rows(named, "event"):
            for what in (event.get("send"), event.get("receive")):
                if isinstance(what, dict):
                    self._event(what)
        expected = named.get("expect")
        delivered = expected.get("delivered") if isinstance(expected, dict) else None
        if isinstance(expected, dict) and isinstance(delivered, dict):
            expected["delivered"] = {self.target(key): count for key, count in delivered.items()}
        text = json.dumps(named, ensure_ascii=False)
        for domain in (self._own, *(name for kind, name in self._names if kind == "outside")):
            bare = re.compile(rf"(?<![\w.@-])((?:[\w-]+\.)*){re.escape(domain)}(?![\w-])")
            text = bare.sub(rf"\g<1>{self._domain(domain)}", text)
        renamed: dict[str, object] = json.loads(text)
        return renamed

    def _event(self, what: dict[str, object]) -> None:
        if "user" in what:
            what["user"] = self._name("user", str(what["user"]))
        if "subject" in what:
            what["subject"] = self._topic(str(what["subject"]))
        if what.get("text"):
            what["text"] = "a text"
        if is_inline(str(what.get("file", ""))):
            octets = message_file(Path(), str(what["file"]))
            what["file"] = inline(self.message(Message(octets)).octets)

    def target(self, target: str) -> str:
        """The same target under its new name."""
        kind, _, name = target.partition(":")
        return f"mailbox:{self._name('user', name)}" if kind == "mailbox" else self._text(target)

    def _field(self, field: Field) -> Field:
        raw = field.raw
        if field.name in _NAMING:
            name, _, value = raw.partition(b":")
            raw = name + b": " + _DISPLAY.sub(b"<", value).lstrip()
        elif field.name in _TEXT:
            raw = self._subject(raw)
        return Field(self._text(raw.decode("latin-1")).encode("latin-1"))

    def _subject(self, raw: bytes) -> bytes:
        name, _, value = raw.decode("latin-1").partition(":")
        end = "\r\n" if raw.endswith(b"\r\n") else "\n" * raw.endswith(b"\n")
        return f"{name}: {self._topic(value)}{end}".encode("latin-1")

    def _topic(self, subject: str) -> str:
        return " ".join([*(match[0].strip() for match in _SAID.finditer(subject)), "a subject"])

    def _text(self, text: str) -> str:
        return _ADDRESS.sub(lambda match: f"{self._local(match[1], match[2])}@{self._domain(match[2])}", text)

    def _domain(self, domain: str) -> str:
        lower = domain.lower()
        if lower == self._own:
            return PRACTICE
        if lower.endswith(f".{self._own}"):
            return f"{lower.removesuffix(self._own)}{PRACTICE}"
        return domain if lower.endswith(RENAMING) else f"{self._name('outside', lower)}.example"

    def _local(self, local: str, domain: str) -> str:
        base, plus, tag = local.partition("+")
        own = domain.lower() == self._own
        if own and base.lower() == self._system:
            return f"matters{plus}{tag}"
        if _MACHINE.match(local) or _LIKE_AN_ACTION.match(local) or (own and not self._inside):
            return local.replace(self._own, PRACTICE)
        return self._name("person", local.lower())

    def _name(self, kind: str, given: str) -> str:
        number = sum(known == kind for known, _ in self._names) + 1
        return self._names.setdefault((kind, given), f"{kind}{number}")


def _rows(tables: Mapping[str, object], name: str) -> list[dict[str, object]]:
    rows = tables.get(name, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
