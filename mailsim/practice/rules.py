"""The settings that routing reads (R1.1, R1.10, R4.10), apart from the file they came from."""

from dataclasses import dataclass

from mailsim.mail import Address
from mailsim.practice.decision import Resolver


@dataclass(frozen=True, slots=True)
class Decoration:
    """What a provider writes round the address in its recipient header (section 7 "Which address")."""

    prefix: str = ""
    """Dropped from the front in any letter case, such as `rfc822;` or qmail's `abc.com-`."""
    via: bool = False
    """Whether ` via ` and what follows it is dropped."""

    def undecorated(self, value: str) -> str:
        """The value without its decoration; as it stands where it has none."""
        if self.prefix and value.lower().startswith(self.prefix.lower()):
            value = value[len(self.prefix) :].lstrip()
        return value.partition(" via ")[0] if self.via else value


@dataclass(frozen=True, slots=True)
class Rules:
    """How this practice routes."""

    catch_all: bool
    """True for a mailbox of type `catch-all`, False for `single`."""
    header: str | None
    """The catch-all header; None where it is not set. Counts in catch-all mode only."""
    system: Address
    """The system mailbox's own address (`default_sender`)."""
    fallback: Address
    """Where unreadable mail is forwarded."""
    resolvers: tuple[Resolver, ...] = ()
    """In the order in which they are tried; never `address`."""
    decoration: Decoration | None = None
    """How the provider named by `pop.common` decorates its recipient header; None where it does not."""
