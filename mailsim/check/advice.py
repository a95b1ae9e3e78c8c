"""What to do about a red check: a sentence for each cause; pure."""

import re

from mailsim.check.causes import Seen, Trouble
from mailsim.check.verdict import Cause, Check, Step

_POP = {
    Cause.NAME_NOT_FOUND: "correct the host in pop.server; your provider's help page names its POP server",
    Cause.REFUSED: "see that POP is switched on at the provider, and that pop.server has its port, most often 995",
    Cause.TIMEOUT: "correct host and port in pop.server (most often ssl://HOST:995), and see that no firewall is between",
    Cause.TLS_TO_PLAIN: "the port has no TLS: use the provider's port for TLS, ssl://HOST:995, or tcp:// for none",
    Cause.PLAIN_TO_TLS: "the port speaks TLS from the start: write ssl:// instead of tcp:// in pop.server",
    Cause.WRONG_CREDENTIALS: "correct pop.username and pop.password; some providers want the whole address as the name, POP switched on, or an app password",
    Cause.MAILBOX_LOCKED: "another program is collecting from this mailbox: end it, or wait some minutes and check again",
    Cause.LOGIN_DELAY: "the server wants a pause between logins: wait some minutes and check again",
    Cause.AUTHENTICATION_NOT_OFFERED: "the server takes no user name and password on this connection: write ssl://HOST:995 in pop.server",
    Cause.PORT_993: "993 is IMAP's port, which is not supported: write ssl://HOST:995 in pop.server",
}
_SMTP = {
    Cause.NAME_NOT_FOUND: "correct smtp.server; your provider's help page names its SMTP server",
    Cause.REFUSED: "see that smtp.server and smtp.port are those for sending, most often 587 or 465, and that the provider lets you send",
    Cause.TIMEOUT: "correct smtp.server and smtp.port (most often 587 or 465), and see that no firewall is between",
    Cause.TLS_TO_PLAIN: "the port has no TLS as it is set: use the provider's port with STARTTLS, most often 587, or with TLS, 465",
    Cause.PLAIN_TO_TLS: "the port speaks TLS from the start: set smtp.port = 465, or the provider's port with STARTTLS",
    Cause.WRONG_CREDENTIALS: "correct smtp.username and smtp.password; some providers want the whole address as the name, or an app password",
    Cause.LOGIN_DELAY: "the server takes no login at the moment: wait some minutes and check again",
    Cause.AUTHENTICATION_NOT_OFFERED: "set smtp.authentication to one that the server offers",
    Cause.SENDER_REFUSED: "have the provider allow mailbox.default_sender as a sender of this account, or use the account's own address",
    Cause.PORT_25: 'use your provider\'s other port, most often 587 or 465, or server = "localhost"',
}
_EITHER = {
    Cause.CERTIFICATE_UNTRUSTED: "see that this is the right server; if its authority is your own, name it with --ca FILE",
    Cause.CERTIFICATE_EXPIRED: "have the server's certificate renewed, and see that this computer's clock is right",
    Cause.CERTIFICATE_WRONG_HOST: "write the host that the server's certificate is for",
    Cause.SETTINGS: "mend the settings",
}
_OWN_SERVER = "localhost is the system's own SMTP server, and it does not run on this computer; start it, or name your provider's"
_LATER = "the server puts it off for now: wait some minutes and check again"
_STALLED = "the server answered, and then fell silent: wait some minutes and check again"
_NO_SMTP_AUTH = (
    "the provider has switched SMTP logins off for this account: have its administrator allow"
    " authenticated SMTP for the mailbox"
)
_SMTP_AUTH_IS_OFF = re.compile(r"5\.7\.139.*disabled", re.IGNORECASE | re.DOTALL)
"""Exchange Online, of a mailbox or a whole organisation; its 5.7.139 is said of wrong credentials too."""
_ACCOUNT_LOCKED = re.compile(r"\b(account|user)\b.*\b(lock|disabled|suspended)", re.IGNORECASE | re.DOTALL)
_ASK_PROVIDER = "the provider has locked this account: ask it or its administrator to unlock it"
_AFTER_GREETING = (Step.LOGIN, Step.SENDER)
_NO_LOGINS = (
    "the server takes no logins there: use the provider's port for sending, most often 587 or 465,"
    ' or write smtp.authentication = "none" if it wants none'
)


def advice_for(cause: Cause, seen: Seen, *, own: bool = False) -> str:
    """What to do, one line; `own` says that the server is the system's own (R1.7)."""
    if cause in {Cause.NOT_A_POP_SERVER, Cause.NOT_A_SMTP_SERVER}:
        return _stranger(seen)
    if own and cause is Cause.REFUSED and seen.trouble is Trouble.NO_CONNECTION:
        return _OWN_SERVER
    if cause is Cause.SENDER_REFUSED and seen.code == "530":  # RFC 4954 section 6: authentication required
        return "the server wants a login before it takes a sender: set smtp.authentication, username and password"
    if cause in {Cause.SENDER_REFUSED, Cause.REFUSED} and seen.code.startswith("4"):  # RFC 5321 section 4.2.1
        return _LATER
    if seen.trouble is Trouble.SILENCE and cause is Cause.TIMEOUT and seen.step in _AFTER_GREETING:
        return _STALLED
    if cause is Cause.WRONG_CREDENTIALS and _SMTP_AUTH_IS_OFF.search(seen.said):
        return _NO_SMTP_AUTH
    if cause is Cause.WRONG_CREDENTIALS and _ACCOUNT_LOCKED.search(seen.said):
        return _ASK_PROVIDER
    if seen.trouble is Trouble.NO_AUTHENTICATION:
        return _NO_LOGINS
    if seen.step is Step.LOGIN and cause is Cause.REFUSED:
        return "the server cannot log anybody in at the moment: wait some minutes and check again"
    return _EITHER.get(cause) or (_POP if seen.check is Check.POP else _SMTP)[cause]


def _stranger(seen: Seen) -> str:
    protocol = seen.answer.protocol if seen.answer else None
    who = f"a server of {protocol} answers there" if protocol else "what answers there is unknown"
    if seen.check is Check.POP:
        return f"{who}: name the provider's POP server in pop.server, most often ssl://HOST:995"
    return f"{who}: name the provider's SMTP server in smtp.server, and smtp.port, most often 587 or 465"
