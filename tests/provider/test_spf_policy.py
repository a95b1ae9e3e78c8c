"""What a receiving server does with an SPF result (R5.5)."""

import pytest

from mailsim.mail import Reply
from mailsim.provider.spf import evaluate
from mailsim.provider.spf_policy import SpfPolicy, judge_spf
from mailsim.provider.zone_table import read_zone_table

ZONE = read_zone_table(
    {
        "abc.example": {"txt": "v=spf1 ip4:192.0.2.1 -all"},
        "soft.example": {"txt": "v=spf1 ~all"},
        "ill.example": {"fault": "servfail"},
    }
)
REFUSAL = Reply(
    550,
    "SPF check of abc.example failed for 192.0.2.9. The domain explains: SPF fail - not authorized",
    "5.7.23",
)


@pytest.mark.parametrize(
    ("policy", "ip", "domain", "reply"),
    [
        (SpfPolicy.REFUSE, "192.0.2.9", "abc.example", REFUSAL),
        (SpfPolicy.MARK, "192.0.2.9", "abc.example", None),
        (SpfPolicy.IGNORE, "192.0.2.9", "abc.example", None),
        (SpfPolicy.REFUSE, "192.0.2.1", "abc.example", None),
        (SpfPolicy.REFUSE, "192.0.2.9", "soft.example", None),
        (SpfPolicy.REFUSE, "192.0.2.9", "ill.example", None),
        (SpfPolicy.REFUSE, "192.0.2.9", "nowhere.example", None),
    ],
)
def test_only_a_fail_is_refused_and_only_by_that_policy(
    policy: SpfPolicy, ip: str, domain: str, reply: Reply | None
) -> None:
    """RFC 7208 section 8.4, RFC 7372 section 3.2."""
    found = evaluate(ZONE, ip=ip, sender=f"jane@{domain}", helo="h.example")

    assert judge_spf(policy, found) == reply


def test_a_refusal_is_one_line() -> None:
    """Whatever the sender's domain is called."""
    zone = read_zone_table({"*": {"txt": "v=spf1 -all"}})
    found = evaluate(zone, ip="192.0.2.9", sender="a@b\x85c\u2028d", helo="")

    reply = judge_spf(SpfPolicy.REFUSE, found)

    assert reply is not None
    assert reply.text.isprintable()
