"""Changes at the provider, which count for mail to come."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from mailsim.mail import Address
from mailsim.provider.mailhost import EnvelopeHeader, Stamp
from mailsim.provider.policy import SenderAction
from mailsim.provider.profiles import Profile, profiles
from mailsim.study.diagnosis.changes_target import envelope_recipient, target_addresses
from mailsim.study.diagnosis.remedy import Change, Kind
from mailsim.study.diagnosis.settings_made import CUSTOMARY, Make
from mailsim.study.diagnosis.situation import Provider, Situation, way_again

_DECIDING = ("sender_policy", "same_domain", "envelope_headers", "catch_all")
"""What must be known of a provider before moving there can be said to help."""


def provider_changes(now: Situation, target: str) -> Iterator[Change]:
    """Its policy, what it writes into messages, and other providers in its place."""
    recipient = envelope_recipient(now, target)
    host = now.provider
    if host.policy.action is not SenderAction.ACCEPT:
        for address in target_addresses(now.site, target):
            words = f"register {address} with the provider as a send-as address"
            yield _provider(words, 3, partial(_registered, address=address, recipient=recipient))
        yield _provider("have the SMTP server accept the sender", 5, partial(_accepting, recipient=recipient))
    if host.catch_all != now.site.rules.system:
        changed = replace(host, catch_all=now.site.rules.system)
        words = f"have the domain's catch-all mail put into {now.site.rules.system}"
        yield _provider(words, 3, partial(_hosted, provider=changed, recipient=recipient))
    optional = [one.text("optional_header") for one in profiles().values() if one.id == host.name]
    stamped = {header.name.lower() for header in host.headers if header.names is Stamp.RECIPIENT}
    for name in filter(None, (*optional, now.site.rules.header or "", "Delivered-To", *CUSTOMARY)):
        if name.lower() not in stamped:
            words = f"have the provider write the envelope's recipient into {name}"
            yield _provider(words, 4, partial(_stamping, name=name, recipient=recipient))
            stamped.add(name.lower())
    for known in other_providers(host.name):
        changed = Provider.of(known, host.catch_all)
        words = f'move to a provider like "{known.id}"'
        yield _provider(words, 9, partial(_hosted, provider=changed, recipient=recipient))


def other_providers(name: str) -> Iterator[Profile]:
    """Those that the practice could move to, of which all that decides is known."""
    for known in profiles().values():
        if known.id != name and known.can_catch_all and not known.lacks(*_DECIDING):
            yield known


def _provider(words: str, cost: int, make: Make) -> Change:
    return Change(Kind.PROVIDER, f"{words}, for mail to come", cost, make)


def _registered(now: Situation, *, address: Address, recipient: Address | None) -> Situation | None:
    policy = replace(now.provider.policy, registered=now.provider.policy.registered | {address})
    return _hosted(now, provider=replace(now.provider, policy=policy), recipient=recipient)


def _accepting(now: Situation, *, recipient: Address | None) -> Situation | None:
    policy = replace(now.provider.policy, action=SenderAction.ACCEPT, same_domain=None)
    return _hosted(now, provider=replace(now.provider, policy=policy), recipient=recipient)


def _stamping(now: Situation, *, name: str, recipient: Address | None) -> Situation | None:
    others = tuple(header for header in now.provider.headers if header.name.lower() != name.lower())
    headers = (EnvelopeHeader(name, Stamp.RECIPIENT), *others)
    return _hosted(now, provider=replace(now.provider, headers=headers), recipient=recipient)


def _hosted(now: Situation, *, provider: Provider, recipient: Address | None) -> Situation | None:
    return way_again(replace(now, provider=provider), recipient)
