"""A site: one practice's settings and directory, ready to route messages.

    site = load_site("site.toml")
    decision = site.route(octets)

Reading a site needs pydantic; routing with it does not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from os import PathLike, fspath
from typing import TYPE_CHECKING

from mailsim.display import Html, Tone, badge, block
from mailsim.mail import Message
from mailsim.plain import in_words
from mailsim.practice.account import PopAccount, SmtpAccount, pop_account, smtp_account
from mailsim.practice.decision import Decision
from mailsim.practice.directory import Action, Alias, Directory, User
from mailsim.practice.duplicates import Collected, beside_sent
from mailsim.practice.faults import Fault
from mailsim.practice.routing import decide
from mailsim.practice.rules import Decoration, Rules
from mailsim.practice.settings import Settings
from mailsim.practice.site_file import load_toml, read_settings
from mailsim.provider.profiles import profile

if TYPE_CHECKING:
    import ssl

    from mailsim.check.verdict import Verdict

_MOST_NAMED = 5
"""Actions, and mailboxes, that are named to who named none."""


@dataclass(frozen=True, slots=True)
class Site:
    """One practice: what `decide()` needs, made once from its settings."""

    settings: Settings
    directory: Directory
    rules: Rules
    sent: Mapping[str, int]
    """Message-ID, with angle brackets, to the action that the system sent it from."""
    warnings: tuple[Fault, ...] = ()
    """What in the settings will go wrong, or has no effect."""

    def __str__(self) -> str:
        warnings = [f"warning: {warning}" for warning in self.warnings]
        return "\n".join([str(self.settings), *warnings, str(self.directory)])

    def _repr_html_(self) -> str:
        """For notebooks: the settings, what is wrong with them, and the directory."""
        warnings = [block(badge("warning", Tone.WARNING), " ", str(warning)) for warning in self.warnings]
        return block(Html(self.settings._repr_html_()), *warnings, Html(self.directory._repr_html_()))

    _repr_pretty_ = in_words

    def route(self, octets: bytes, *, name: str | None = None) -> Decision:
        """What ought to happen to a message; pure, and no octets raise (R4.11, R4.12, R4.14).

        `name` is what the decision calls the message, such as its file's name.
        """
        return self.alone(Message(octets), name)

    def alone(self, message: Message, name: str | None) -> Decision:
        """What ought to happen to a message of which no copy was collected before."""
        decision = decide(message, self.rules, self.directory, self.sent, name=name)
        return beside_sent(decision, message, self.rules, self.directory, self.sent)

    def route_all(self, messages: Iterable[tuple[str | None, bytes]]) -> Iterator[Decision]:
        """One decision for each message, given with its name: all are one collection, in that order (R4.13).

        Of each message a few octets are remembered, so that a second copy is known as one.
        """
        routing = Routing(self)
        for name, octets in messages:
            yield routing.decided(Message(octets), name)

    def has_target(self, target: str) -> bool:
        """Whether mail can be delivered there: to an action or a user's mailbox of the practice, or to neither's."""
        kind, _, name = target.partition(":")
        if kind == "action":
            holder = self.directory.numbered(name)
            return holder is not None and target in holder.targets
        if kind == "mailbox":
            return name in self.directory.users
        return target in ("unassigned", f"fallback:{self.rules.fallback}")

    def named_targets(self) -> str:
        """Some of them, in words, for who named another."""
        some = [
            *[f"action:{one}" for one in islice(self.directory.actions, _MOST_NAMED)],
            *[f"mailbox:{one}" for one in islice(self.directory.users, _MOST_NAMED)],
        ]
        return ", ".join((*some, "unassigned", f"fallback:{self.rules.fallback}"))

    def pop_account(self) -> PopAccount:
        """The account to collect with; raises SiteError with all that is missing."""
        return pop_account(self.settings)

    def smtp_account(self) -> SmtpAccount:
        """The account to send through; raises SiteError with all that is missing."""
        return smtp_account(self.settings)

    async def check_pop(
        self,
        *,
        tls: "ssl.SSLContext | None" = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - the verdict tells of it
        addresses: Mapping[tuple[str, int], tuple[str, int]] | None = None,
    ) -> "Verdict":
        """Whether the practice can log in to its POP3 server (R2.1): see `mailsim.check.pop.check_pop`."""
        from mailsim.check.pop import check_pop  # noqa: PLC0415 - above this room: deciding needs no network

        return await check_pop(self, tls=tls, timeout=timeout, addresses=addresses)

    async def check_smtp(
        self,
        *,
        tls: "ssl.SSLContext | None" = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - the verdict tells of it
        addresses: Mapping[tuple[str, int], tuple[str, int]] | None = None,
    ) -> "Verdict":
        """Whether the practice can send through its SMTP server (R2.2): see `mailsim.check.smtp.check_smtp`."""
        from mailsim.check.smtp import check_smtp  # noqa: PLC0415 - as above

        return await check_smtp(self, tls=tls, timeout=timeout, addresses=addresses)


class Routing:
    """One collection routed at one site, a message after the other (R4.13)."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._collected = Collected(site.rules, site.directory, site.sent)

    def decided(self, message: Message, name: str | None) -> Decision:
        """What ought to happen to the next message; `name` is what the decision calls it."""
        site = self._site
        decision = decide(message, site.rules, site.directory, site.sent, name=name)
        return self._collected.final(message, decision)


def load_site(path: str | PathLike[str]) -> Site:
    """The site that a site file describes.

    Raises:
        SiteError: The file cannot be read, or is faulty: every fault at once (R1.12).
    """
    return read_site(load_toml(path), source=fspath(path))


def read_site(tables: Mapping[str, object], *, source: str = "") -> Site:
    """The site that tables of the form of a site file describe.

    Raises:
        SiteError: With every fault of the tables; `source` names the file in its text.
    """
    settings, warnings = read_settings(tables, source=source)
    directory = Directory(
        settings.domain,
        actions=[Action(action.id, action.name) for action in settings.action],
        users=[User(user.name, user.sender) for user in settings.user],
        aliases=[Alias(alias.address, alias.mailboxes) for alias in settings.alias],
    )
    rules = Rules(
        catch_all=settings.catch_all,
        header=settings.mailbox.catch_all_header if settings.catch_all else None,
        system=settings.mailbox.default_sender,
        fallback=settings.mailbox.fallback_address,
        resolvers=settings.routing.resolvers,
        decoration=_decoration(settings),
    )
    sent = {entry.message_id: entry.action for entry in settings.sent}
    return Site(settings, directory, rules, sent, warnings)


def _decoration(settings: Settings) -> Decoration | None:
    """What the provider named by `pop.common` writes round the recipient's address; None where it is bare."""
    common = settings.pop.common if settings.pop else None
    header = profile(common).recipient_header if common else None
    if header is None or not header.prefix:
        return None
    return Decoration(prefix=header.prefix.replace("{domain}", settings.domain))
