"""What a receiving server does with an SPF result (R5.5; RFC 7208 section 8): pure."""

from enum import StrEnum

from mailsim.mail import Reply
from mailsim.provider.spf import Result, SpfResult


class SpfPolicy(StrEnum):
    """How a receiving server treats what it found."""

    IGNORE = "ignore"
    """SPF is not asked, and nothing is stamped."""
    MARK = "mark"
    """The result is stamped (`spf_field.received_spf`), and the message goes on."""
    REFUSE = "refuse"
    """Besides, a fail is refused."""


def judge_spf(policy: SpfPolicy, found: SpfResult) -> Reply | None:
    """The refusal; None when the server goes on, as it does at any result but a fail.

    Code and words: RFC 7208 section 8.4, 550 with X.7.23 of RFC 7372 section 3.2. The words of the domain's owner are
    told as such.
    """
    if policy is not SpfPolicy.REFUSE or found.result is not Result.FAIL:
        return None
    told = (
        f"SPF check of {found.domain[:255]} failed for {found.ip}. The domain explains: {found.explanation}"
    )
    return Reply(550, "".join(char if char.isprintable() else " " for char in told), "5.7.23")
