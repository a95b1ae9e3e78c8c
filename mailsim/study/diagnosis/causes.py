"""All causes, and those that one case shows.

The order of the list is that of telling: among equally sure ones the more particular comes first.
"""

from mailsim.study.diagnosis import causes_address, causes_form, causes_recipient, causes_sender
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.cause import SURE, Cause, Found

CAUSES: tuple[Cause, ...] = (
    *causes_form.CAUSES,
    *causes_recipient.CAUSES,
    *causes_address.CAUSES,
    *causes_sender.CAUSES,
)
"""Every cause that is known, each under a name of its own."""


def causes(case: Case) -> tuple[Found, ...]:
    """The causes that a case shows, the surest first; none for a message that got where it should."""
    found = []
    for cause in CAUSES:
        sign = cause.seen(case)
        if sign:
            found.append(Found(cause.name, sign.confidence, cause.tells, sign.evidence, cause.fix))
    return tuple(sorted(found, key=lambda one: SURE[one.confidence]))
