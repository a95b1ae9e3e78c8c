"""What a green Check SMTP does not tell: what becomes of an action's address as a sender; pure.

The check offers the default sender at MAIL FROM and goes no further (R2.2). Servers judge other senders, at RCPT TO,
after the message, or in silence.
"""

from mailsim.mail import Address
from mailsim.practice.account import SmtpAccount
from mailsim.practice.settings import ActionAddressIn
from mailsim.practice.site import Site
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import Profile, profile, profiles

_LOOPBACK = "127.0.0.1"
_UNKNOWN = "whether the server takes an action's address as a sender too, `mailsim probe` tells"
_KNOWN = {
    SenderAction.ACCEPT: "",
    SenderAction.REWRITE: "{name}: in From the account takes the place of an action's address that is not registered"
    " there, and replies come to {sender}: `mailsim probe` tells",
    SenderAction.REJECT: "{name}: an action's address that is not registered there is refused as a sender:"
    " `mailsim probe` tells",
}


def beyond(site: Site, account: SmtpAccount) -> str:
    """What to do to know about actions' addresses, one line; empty where they are no senders, or known to be taken."""
    sender = site.rules.system
    if account.own or site.settings.routing.action_address_in is ActionAddressIn.REPLY_TO:
        return ""
    known = _provider(site, account)
    if known is None or known.lacks("sender_policy", "same_domain"):
        return _UNKNOWN
    action = known.policy().treatment(sender, Address("a1", sender.domain))
    return _KNOWN[action].format(name=known.name, sender=sender)


def _provider(site: Site, account: SmtpAccount) -> Profile | None:
    """By the name that is set, or by whose server it is."""
    if site.settings.smtp and site.settings.smtp.common:
        return profile(site.settings.smtp.common)
    domain = site.settings.domain
    servers = (one for one in profiles().values() if one.text("smtp_server"))
    return next((one for one in servers if _is_at(one, account, domain)), None)


def _is_at(provider: Profile, account: SmtpAccount, domain: str) -> bool:
    """By the host, and where that is this computer, on which anything may run, by the port too."""
    known = provider.smtp_server(domain) == account.server
    return known and (account.server != _LOOPBACK or provider.number("smtp_port") == account.port)
