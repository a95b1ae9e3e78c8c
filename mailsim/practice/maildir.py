"""Targets as Maildirs, one folder each: `action.1234`, `mailbox.mary`, `unassigned`, `fallback.help@elsewhere.example`.

Laws: no name of a target leads out of the folder given, nor does a link in it; a message's octets are what was collected; exporting again
adds what is new and nothing twice, whatever a mail program has made of the rest; several stores may share a folder.
"""

from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from mailsim import disk
from mailsim.errors import MailsimError
from mailsim.practice.store import Store

_LONGEST = 120  # octets of a folder's name; file systems take 255


class ExportError(MailsimError):
    """A folder that cannot be written."""


def folder_name(target: str) -> str:
    """The name of a target's Maildir: letters, digits and a few signs, different for every target."""
    kind, colon, rest = target.partition(":")
    name = quote(kind, safe="").replace(".", "%2E") or "%"
    if colon:
        name += f".{quote(rest, safe='@+')}"
    if len(name) <= _LONGEST:
        return name
    digest = blake2b(target.encode(), digest_size=8).hexdigest()
    return f"{name[:_LONGEST]}~{digest}"


def export(store: Store, target: str, folder: Path) -> Path:
    """Write what a target holds into its Maildir below `folder`, and return that; raises ExportError."""
    maildir = folder / folder_name(target)
    try:
        disk.folder(maildir)
        tmp, new, cur = (disk.folder(maildir / part) for part in ("tmp", "new", "cur"))
        there = (path for part in (new, cur) for path in part.iterdir() if not path.is_symlink())
        seen = {path.name.partition(":")[0] for path in there}
        for number, message in store.copies(target):
            # The number is the store's own: without the digest a second store's messages would be taken for the first's.
            name = f"{number}.{blake2b(message.octets, digest_size=16).hexdigest()}.mailsim"
            if name not in seen:
                with disk.replacing(new / name, by=tmp) as written:
                    written.write_bytes(message.octets)
    except OSError as error:
        raise ExportError(f"{maildir}: cannot be written: {error.strerror}; name another folder") from None
    return maildir
