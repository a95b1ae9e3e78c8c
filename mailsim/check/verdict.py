"""What a check says: green, or red with the step, the cause, the server's words and what to do (R2.1-R2.3)."""

from dataclasses import dataclass
from enum import StrEnum

from mailsim.display import Tone, badge, block, code, heading, table
from mailsim.plain import in_words


class Check(StrEnum):
    """What is checked."""

    POP = "pop"
    SMTP = "smtp"


class Step(StrEnum):
    """How far a check came."""

    SETTINGS = "settings"
    RESOLVE = "resolve"
    CONNECT = "connect"
    GREETING = "greeting"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    """MAIL FROM the default sender."""
    QUIT = "quit"


class Cause(StrEnum):
    """Why a check is red."""

    NAME_NOT_FOUND = "name-not-found"
    REFUSED = "refused"
    """Nobody listens there, or the server ended the session or would not go on."""
    TIMEOUT = "timeout"
    TLS_TO_PLAIN = "tls-to-plain"
    """TLS is set, and the server has none on that port."""
    PLAIN_TO_TLS = "plain-to-tls"
    """No TLS is set, and the server speaks it from the first octet."""
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    """Or not valid yet."""
    CERTIFICATE_WRONG_HOST = "certificate-wrong-host"
    NOT_A_POP_SERVER = "not-a-pop-server"
    NOT_A_SMTP_SERVER = "not-a-smtp-server"
    WRONG_CREDENTIALS = "wrong-credentials"
    MAILBOX_LOCKED = "mailbox-locked"
    LOGIN_DELAY = "login-delay"
    """A login too soon after the last, or too many of them."""
    AUTHENTICATION_NOT_OFFERED = "authentication-not-offered"
    SENDER_REFUSED = "sender-refused"
    PORT_25 = "port-25"
    PORT_993 = "port-993"
    SETTINGS = "settings"
    """Something is missing in the settings, or cannot be said in the protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The end of one check; true when green."""

    check: Check
    step: Step
    """The last that was tried; the one that failed when red."""
    cause: Cause | None = None
    """None when green."""
    server: str
    """As the settings name it: `ssl://host:995`, or `host:587`; empty where their faults hide it."""
    message: str = ""
    """What the server said, in one printable line, secrets masked; the system's words where the server said nothing."""
    advice: str = ""
    """What to do; when green only what a check cannot tell, and what can."""

    @property
    def green(self) -> bool:
        """Whether all is well."""
        return self.cause is None

    def __bool__(self) -> bool:
        return self.green

    def as_json(self) -> dict[str, object]:
        """The fields of `mailsim check --json`."""
        return {
            "check": self.check.value,
            "green": self.green,
            "step": self.step.value,
            "cause": self.cause and self.cause.value,
            "server": self.server,
            "message": self.message,
            "advice": self.advice,
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    @property
    def _name(self) -> str:
        """The check and its server, where the settings name one."""
        return ": ".join(filter(None, (f"Check {self.check.upper()}", self.server)))

    def _lines(self) -> list[str]:
        name = self._name
        if self.cause is None:
            return [f"green: {name}", *([f"  advice  {self.advice}"] if self.advice else [])]
        told = [f"red: {name}", f"  cause   {self.cause}, at the step {self.step}"]
        told += [f"  said    {self.message}"] if self.message else []
        return [*told, f"  advice  {self.advice}"]

    def _repr_html_(self) -> str:
        """For notebooks: green or red, and when red the cause, the server's words and what to do."""
        colour = badge("green", Tone.GOOD) if self.green else badge("red", Tone.BAD)
        title = heading(self._name, colour)
        red = [("cause", f"{self.cause}, at the step {self.step}"), ("said", code(self.message))]
        shown = [] if self.green else [row for row in red if row[0] != "said" or self.message]
        shown += [("advice", self.advice)] if self.advice else []
        return block(title, table(("", ""), shown, lambda row: row)) if shown else block(title)

    _repr_pretty_ = in_words
