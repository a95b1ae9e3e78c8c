"""`mailsim spf`: what to publish so that mail sent through the practice system's servers passes SPF (R5.6)."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.provider.dns import Zone
    from mailsim.provider.spf_advice import SpfAdvice


def spf(
    records: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECORD",
            help="The domain's TXT records, each one argument: its text, or its quoted strings.",
        ),
    ] = None,
    domain: Annotated[str, typer.Option("--domain", metavar="D", help="The domain they are of.")] = "",
    zone: Annotated[
        str,
        typer.Option(
            "--zone",
            metavar="FILE",
            help="A zone file: its records count, and those of D when none is given.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say whether SPF records let mail through that is sent by localhost, and what to publish.

    `localhost` as a site's SMTP server means the practice system's own servers: a record lets their mail through by
    include:_spf.actionstep.com. A record is one argument: quote it. DNS is not asked. The second line is the record to publish. Exit status: 0 when the record needs no change, or none
    was given; 1 when it needs one.

    JSON: domain, given, green, advised, strings (of the advised record, 255 octets at most), lookups, void_lookups,
    not_followed (names whose own look-ups are not counted), findings (severity, finding, text).

    Example: mailsim spf "v=spf1 mx -all" --domain abc.com
    """
    from mailsim.provider.spf_advice import advise

    if re.search(r"\s", domain):
        raise MailsimError(f"--domain {domain!r}: no domain has a space; write one such as abc.com")
    known = _zone_at(zone) if zone else None
    if known and not domain and not records:
        domain = _only_domain(known, zone)
    advice = advise(records or _published(known, domain), domain=domain, zone=known)
    sys.stdout.write((json.dumps(advice.as_json()) if as_json else "\n".join(_lines(advice))) + "\n")
    if advice.given and not advice.green:
        raise typer.Exit(1)


def _zone_at(path: str) -> "Zone":
    from mailsim.provider.zone_file import ZoneError, read_zone_file

    try:
        return read_zone_file(Path(path).read_text("utf-8"))
    except OSError as error:
        raise MailsimError(f"{path}: cannot be read: {error.strerror}; name a zone file") from None
    except UnicodeDecodeError:
        raise MailsimError(f"{path}: is no text; name a zone file") from None
    except ZoneError as error:
        raise MailsimError(f"{path}: {error}") from None


def _only_domain(zone: "Zone", path: str) -> str:
    """The one domain that has an SPF record in a zone; raises MailsimError where there is none, or several."""
    from mailsim.provider.spf_record import is_record

    texts = (
        (name, b"".join(strings).decode("utf-8", "replace"))
        for name in zone.txt
        for strings in zone.txt[name]
    )
    names = list(dict.fromkeys(name for name, text in texts if is_record(text)))
    if len(names) != 1:
        shown = ", ".join(names[:10]) or "none"
        raise MailsimError(f"{path}: of whom? It has SPF records of {shown}; name one with --domain")
    return names[0]


def _published(zone: "Zone | None", domain: str) -> list[str]:
    """The TXT records that a zone has of a domain, each as its quoted strings."""
    from mailsim.provider.dns import RecordType

    if zone is None or not domain:
        return []
    return [" ".join(map(_quoted, strings)) for strings in zone.answer(domain, RecordType.TXT).texts]


def _quoted(string: bytes) -> str:
    escaped = string.decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _lines(advice: "SpfAdvice") -> Iterator[str]:
    from mailsim.practice.faults import printable
    from mailsim.provider.spf_lookups import MOST_LOOKUPS

    whose = f" of {advice.domain}" if advice.domain else ""
    if not advice.given:
        yield printable(f"no SPF record{whose} was given; publish this one:")
    elif advice.green:
        yield printable(f"green: the SPF record{whose} needs no change:")
    else:
        over = advice.lookups.count > MOST_LOOKUPS
        what = "mend this one as told below, then publish it:" if over else "publish this one:"
        yield printable(f"red: the SPF record{whose} needs a change; {what}")
    yield printable(advice.advised)
    for found in advice.findings:
        yield printable(f"{found.severity}: {found.text}")
    least = "at least " if advice.lookups.unknown else ""
    yield f"look-ups: {least}{advice.lookups.count} of {MOST_LOOKUPS}"
