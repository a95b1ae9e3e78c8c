"""Every single change that is tried: of the settings, of the provider, and of one header field of the message.

The list is complete for what it names: each header field that the message bears or the profiles know, each resolver,
each place of the action's address, each field left out. It is made for one situation and one target; whether a change
helps is not asked here.
"""

from collections.abc import Iterator

from mailsim.study.diagnosis.changes_message import message_changes
from mailsim.study.diagnosis.changes_provider import provider_changes
from mailsim.study.diagnosis.changes_settings import settings_changes
from mailsim.study.diagnosis.remedy import Change
from mailsim.study.diagnosis.situation import Situation


def every_change(now: Situation, target: str) -> Iterator[Change]:
    """The changes that may lead a message to a target, the practice's own first."""
    yield from settings_changes(now, target)
    yield from provider_changes(now, target)
    yield from message_changes(now, target)
