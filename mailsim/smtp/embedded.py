"""`SmtpServer`: an SMTP server for tests and notebooks, one line to start, in a loop and thread of its own."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Literal

from mailsim.background.arguments import checked_texts
from mailsim.background.server import BackgroundServer, Listening
from mailsim.errors import MailsimError
from mailsim.faults.certificate import demand_certificate
from mailsim.faults.syntax import FaultError
from mailsim.pop3.certificates import issue_with_file
from mailsim.pop3.conduct import Mechanism
from mailsim.provider.policy import Policy, SenderAction
from mailsim.provider.profiles import model_policy, profile
from mailsim.smtp.authentication import mechanisms_of
from mailsim.smtp.backend import Tls
from mailsim.smtp.fault_kinds import CERTIFICATE_SHOWN
from mailsim.smtp.faults import Fault, FaultPlan, read_fault
from mailsim.smtp.server import listen
from mailsim.smtp.service import Certificates
from mailsim.smtp.taking import Folder, Taken, Taker


class SmtpServerError(MailsimError):
    """A server asked for what it cannot do."""


class SmtpServer(BackgroundServer):
    """An SMTP server on the loopback that behaves like a provider's, alive inside `with` or `async with`.

    Takes any recipient, sends nothing on, and keeps what it took.

    - `provider`: a built-in profile, such as `"gmail"`, whose sender policy, words and size limit it has; or
    - `policy`: what becomes of a foreign sender, `"accept"`, `"rewrite"` or `"reject"`, or a `provider.policy.Policy`;
    - `tls`: `"none"`, `"starttls"` or `"implicit"`;
    - `users`: name to password; with any, mail is taken from them only, by AUTH PLAIN, LOGIN, CRAM-MD5 and XOAUTH2
      (the token is the password), or those of them that the provider is known to offer. Without, all mail is that of `taking.ANYBODY`;
    - `size_limit`: octets, 0 for none; the provider's where it is not given;
    - `faults`: what goes wrong on purpose, such as `"smtp:RCPT:2:reply 451 4.3.0 try later"` (`fault_kinds.KINDS`), and
      the `seed` of what goes wrong by chance. A recipient's address can ask for a fault too (`address_faults`);
    - `store`: a folder where each message is kept as `.eml`, its envelope as `.json`;
    - `remembers`: whether `messages` are kept in memory, for as long as it lives;
    - `port`: 0 is any free one.

    What it took stays when it is entered again, and so does the count of what faults strike.

    Attributes:
        host: The address to connect to; a certificate is good for it and for `localhost`.
        ca: The file with the certificate to trust, while the server runs; None without TLS.
    """

    _error = SmtpServerError

    def __init__(
        self,
        *,
        provider: str = "",
        policy: Literal["accept", "rewrite", "reject"] | SenderAction | Policy | None = None,
        tls: Literal["none", "starttls", "implicit"] | Tls = Tls.NONE,
        users: Mapping[str, str] | None = None,
        size_limit: int | None = None,
        faults: Iterable[str] = (),
        seed: int = 0,
        store: str | PathLike[str] | None = None,
        remembers: bool = True,
        port: int = 0,
    ) -> None:
        """Make a server, without starting it.

        Raises:
            SmtpServerError: A way of TLS or a policy that is none, both provider and policy, a folder that cannot be, or
                an argument of another form.
            UnknownProfile: A provider that is none.
            FaultError: A fault that is none.
        """
        super().__init__(port=port)
        self.ca: Path | None = None
        self._tls = Tls(_one_of("tls", tls, tuple(Tls)))
        self._policy = _policy(provider, policy)
        if size_limit is not None:
            self._policy = replace(self._policy, size_limit=_octets(size_limit))
        self._mechanisms = (mechanisms_of(profile(provider)) if provider else ()) or tuple(Mechanism)
        self._plan = FaultPlan(seed=seed, by_address=True)
        for fault in checked_texts("faults", faults, SmtpServerError):
            self.add_fault(fault)
        self._users = _logins({} if users is None else users)
        self._taker = Taker(self._policy, self._users, _folder(store), remembers=remembers)

    def __repr__(self) -> str:
        users = ", ".join(self._users) or "anybody"
        return f"SmtpServer({self._where}, tls={str(self._tls)!r}, users: {users}, {len(self._taker.taken)} messages)"

    @property
    def messages(self) -> tuple[Taken, ...]:
        """What it took, oldest first."""
        return tuple(self._taker.taken)

    @property
    def struck(self) -> tuple[Fault, ...]:
        """The faults that have struck so far, in order; those that addresses asked for too."""
        return tuple(self._plan.struck)

    def add_fault(self, fault: str) -> None:
        """Take one more fault, for open connections too; `next` in it counts from now.

        Raises:
            FaultError: It is none, or about a certificate that this server does not show then.
        """
        if not isinstance(fault, str):
            raise FaultError(f"fault {fault!r}: write a text, such as 'smtp:RCPT:2:drop'")
        read = read_fault(fault)
        demand_certificate(read.spec, CERTIFICATE_SHOWN[self._tls])
        self._plan.add(read)

    def _listen(self, stack: ExitStack) -> Callable[[], Coroutine[None, None, Listening]]:
        certificates: Certificates = {}
        if self._tls is not Tls.NONE:
            self.ca, certificates = issue_with_file(stack, "localhost", self.host)
            stack.callback(self._forget_ca)
        return partial(
            listen,
            self._taker,
            hostname="localhost",
            host=self.host,
            port=self._wanted_port,
            tls=self._tls,
            context=certificates,
            mechanisms=self._mechanisms if self._users else (),
            open_relay=self._policy.open_relay,
            size_limit=self._policy.size_limit,
            faults=self._plan,
        )

    def _forget_ca(self) -> None:
        self.ca = None


def _one_of(name: str, given: object, allowed: tuple[str, ...]) -> str:
    if given not in allowed:
        raise SmtpServerError(f"{name}={given!r}: write one of {', '.join(map(repr, map(str, allowed)))}")
    return str(given)


def _octets(given: object) -> int:
    if not isinstance(given, int) or given < 0:
        raise SmtpServerError(f"size_limit={given!r}: write octets, 0 for no limit")
    return given


def _logins(given: object) -> dict[str, str]:
    """Name to password; no line shows a password, nor what stands where one belongs."""
    form = 'write {"alice": "secret"}'
    if not isinstance(given, Mapping):
        raise SmtpServerError(f"users of type {type(given).__name__}: {form}")
    for name, password in given.items():
        if not isinstance(name, str) or not isinstance(password, str):
            raise SmtpServerError(f"user {name!r}: name and password are texts; {form}")
    return dict(given)


def _policy(provider: str, policy: str | SenderAction | Policy | None) -> Policy:
    if provider and policy is not None:
        raise SmtpServerError(f"provider={provider!r} has a policy of its own: give provider or policy")
    if isinstance(policy, Policy):
        return policy
    if provider:
        return profile(provider).policy()
    return model_policy(SenderAction(_one_of("policy", policy or "accept", tuple(SenderAction))))


def _folder(store: str | PathLike[str] | None) -> Folder | None:
    if store is None:
        return None
    try:
        return Folder(Path(store))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SmtpServerError(f"store {str(store)!r} cannot be had: {reason}; name a folder") from None
