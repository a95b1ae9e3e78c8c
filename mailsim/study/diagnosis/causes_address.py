"""Causes in the address that was read: whose it is not, and what it was meant to be (R4.5, R4.6).

They are those of misrouted mail, classes 11, 24, 26 to 31, 35, 41 and 59.
"""

import re
import unicodedata
from difflib import get_close_matches

from mailsim.mail import Address, parse_address
from mailsim.mail.encoded_words import decoded_words
from mailsim.practice.decision import Reason, Resolver, shown
from mailsim.practice.directory import Alias
from mailsim.practice.resolvers import answered
from mailsim.study.diagnosis.case import Case
from mailsim.study.diagnosis.cause import Cause, Sign, high, low, medium
from mailsim.study.diagnosis.causes_recipient import header_decorated

_VERP = re.compile(
    r"(?:srs[01][=+-].*?=(?P<srs_domain>[^=]+)=(?P<srs>[^=]+)|(?:prvs|btv1)=[^=]*=(?P<tagged>.+)"
    r"|.*?\+(?P<local>[^=+]+)=(?P<domain>[^=]+))\Z",
    re.IGNORECASE,
)  # SRS, BATV and VERP, as postsrsd, Exim and list servers write them
_LOOKS_LIKE = str.maketrans("lIiOo", "11100")
_WORD_BEFORE = re.compile(r"^(?:action|matter|case|file|ref|nr|no)(?=[0-9])", re.IGNORECASE)
_CYRILLIC_A = "аα"  # noqa: RUF001 - the letters that look like "a"


def _asked(case: Case) -> Address | None:
    """The address that was read and is not known; None where the decision has none."""
    return parse_address(case.decision.address) if case.decision.address and case.misses else None


def _on_domain(case: Case) -> Address | None:
    return _asked(case) if case.reason is Reason.UNKNOWN_ADDRESS else None


def _numbers(case: Case) -> list[str]:
    return [str(number) for number in case.site.directory.actions]


def _action_gone(case: Case) -> Sign | None:
    address = _asked(case) if case.reason is Reason.NO_SUCH_ACTION else None
    if case.reason is not Reason.NO_SUCH_ACTION or _id_mistyped(case):
        return None
    told = f"no action has the ID that {shown(str(address or case.first('Subject')))} names"
    digits = _id(address)
    if digits.isdecimal() and int(digits[:18]) in case.site.sent.values():
        return high(told, f"the practice once sent from action {digits}")
    return high(told)


def _id_mistyped(case: Case) -> Sign | None:
    """An ID that differs from an existing one by a letter or two that changed places."""
    address = _asked(case) if case.reason is Reason.NO_SUCH_ACTION else None
    if address is None:
        return None
    digits = _id(address)
    known = answered(case.message, case.site.sent)
    if known and str(known[1]) != digits and known[1] in case.site.directory.actions:
        return high(f"{shown(str(address))}, yet it answers what was sent from action {known[1]}")
    near = [number for number in _numbers(case) if len(digits) > 2 and _one_slip(digits, number)]
    if len(near) != 1 or (case.expect and case.expect != f"action:{near[0]}"):
        return None
    return medium(f"{shown(str(address))} is one slip away from action {near[0]}")


def _id(address: Address | None) -> str:
    """The digits of an action's address, without leading zeros."""
    return re.sub(r"[^0-9]", "", address.local).lstrip("0") if address else ""


def _one_slip(typed: str, meant: str) -> bool:
    """Whether one digit was changed, added, left out, or two neighbours changed places."""
    if len(typed) == len(meant):
        wrong = [index for index in range(len(meant)) if typed[index] != meant[index]]
        swapped = (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and typed[wrong[0]] == meant[wrong[1]]
            and typed[wrong[1]] == meant[wrong[0]]
        )
        return len(wrong) == 1 or swapped
    longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
    return len(longer) == len(shorter) + 1 and any(
        longer[:index] + longer[index + 1 :] == shorter for index in range(len(longer))
    )


def _sub_address_unread(case: Case) -> Sign | None:
    if not case.misses or Resolver.SUB_ADDRESS in case.site.rules.resolvers:
        return None
    base = f"{case.system.key[: -len(case.system.domain) - 1]}+a"
    for name, address in case.named(case.reads, "To", "Cc"):
        digits = address.key[len(base) : -len(address.domain) - 1]
        known = address.domain == case.system.domain and address.key.startswith(base) and digits.isdecimal()
        if known and case.better(case.site.directory.action_address(int(digits[:18]))):
            return high(
                f"{name}: {shown(str(address))} names action {digits}, and what follows + is not read"
            )
    return None


def _verp_recipient(case: Case) -> Sign | None:
    address = _asked(case) if case.reason in (Reason.UNKNOWN_ADDRESS, Reason.OTHER_DOMAIN) else None
    match = _VERP.match(address.local) if address else None
    if address is None or match is None:
        return None
    local = match["srs"] or match["tagged"] or match["local"]
    domain = match["srs_domain"] or match["domain"] or address.domain
    if not case.better(Address(local, domain)):
        return None
    return high(f"{shown(str(address))} is {shown(local)}@{shown(domain)} as a server wraps it")


def _look_alike_letters(case: Case) -> Sign | None:
    address = _on_domain(case)
    if address is None or address.local.isascii() or "�" in address.local:
        return None
    folded = unicodedata.normalize("NFKC", address.local)
    for letter in _CYRILLIC_A:
        folded = folded.replace(letter, "a")
    if not case.better(Address(folded, address.domain)):
        return None
    return high(f"{shown(str(address))} has other letters than {shown(folded)}, and looks the same")


def _broken_encoding(case: Case) -> Sign | None:
    address = _asked(case)
    if address is None or "�" not in address.local:
        return None
    return high(f"{shown(str(address))}: octets that are no UTF-8 stand in the address")


def _encoded_local_part(case: Case) -> Sign | None:
    address = _on_domain(case)
    if address is None or "=?" not in address.local:
        return None
    return high(
        f"{shown(str(address))} is {shown(decoded_words(address.local))}@ in an encoded word (RFC 2047 section 5)"
    )


def _user_without_alias(case: Case) -> Sign | None:
    address = _on_domain(case)
    users = {name.casefold(): name for name in case.site.directory.users}
    found = users.get(address.local.casefold()) if address else None
    return (
        high(f"{shown(str(address))}: {shown(found)} is a user, and no alias leads to the mailbox")
        if found
        else None
    )


def _action_address_mistyped(case: Case) -> Sign | None:
    address = _on_domain(case)
    if address is None or not address.local.isascii() or _explained(case):
        return None
    meant = re.sub(r"[\s._'\"<>#-]", "", address.local)
    tried = [
        meant,
        meant[:1] + meant[1:].translate(_LOOKS_LIKE),
        f"a{meant}",
        _WORD_BEFORE.sub("a", meant),
    ]
    for local in tried:
        number = re.fullmatch(r"a0*([0-9]{1,18})", local, re.IGNORECASE)
        if (
            number
            and local != address.local
            and case.better(case.site.directory.action_address(int(number[1])))
        ):
            return high(f"{shown(str(address))} reads like a{number[1]}, and is not")
    return None


def _alias_mistyped(case: Case) -> Sign | None:
    address = _on_domain(case)
    if address is None or _user_without_alias(case) or _explained(case):
        return None
    locals_ = [
        alias.address.local
        for alias in case.site.directory.aliases
        if alias.address.domain == address.domain and case.better(alias.address)
    ]
    near = get_close_matches(address.local.lower(), locals_, n=1, cutoff=0.8)
    return medium(f"{shown(str(address))} is near to the alias {shown(near[0])}") if near else None


def _alias_without_mailbox(case: Case) -> Sign | None:
    if case.reason is not Reason.ALIAS_WITHOUT_MAILBOXES:
        return None
    return high(f"{shown(case.decision.address or '')} is an alias that is linked to no mailbox")


def _no_such_alias(case: Case) -> Sign | None:
    address = _on_domain(case)
    if address is None or _closer(case):
        return None
    return high(f"{shown(str(address))} is no action's address, no alias, and near to none")


def _explained(case: Case) -> bool:
    """Whether a program, not a person, made the address what it is."""
    programs = (header_decorated, _sub_address_unread, _verp_recipient, _broken_encoding, _encoded_local_part)
    return bool(case.elsewhere) or any(seen(case) for seen in programs)


def _closer(case: Case) -> bool:
    people = (_look_alike_letters, _user_without_alias, _action_address_mistyped, _alias_mistyped)
    return _explained(case) or any(seen(case) for seen in people)


def _foreign(case: Case) -> Address | None:
    return _asked(case) if case.reason is Reason.OTHER_DOMAIN else None


def _sub_domain(case: Case) -> Sign | None:
    address = _foreign(case)
    if address is None or not address.domain.endswith(f".{case.system.domain}"):
        return None
    if not case.better(Address(address.local, case.system.domain)):
        return None
    return high(f"{shown(str(address))} is on a sub-domain of {case.system.domain}")


def _domain_mistyped(case: Case) -> Sign | None:
    address = _foreign(case)
    if address is None or _sub_domain(case) or not case.better(Address(address.local, case.system.domain)):
        return None
    return high(f"{shown(str(address))} would be known on {case.system.domain}")


def _foreign_address(case: Case) -> Sign | None:
    address = _foreign(case)
    if (
        address is None
        or case.elsewhere
        or _sub_domain(case)
        or _domain_mistyped(case)
        or _verp_recipient(case)
    ):
        return None
    return medium(f"{case.reads} names {shown(str(address))}, which is nobody here")


def _alias_takes_action_address(case: Case) -> Sign | None:
    address = parse_address(case.decision.address or "")
    if (
        case.reason is not Reason.ALIAS
        or address is None
        or not case.site.directory.looks_like_action(address)
    ):
        return None
    holder = case.site.directory.holder(address)
    if case.expect in case.decision.targets or holder is None or not isinstance(holder.who, Alias):
        return None
    sign = high if case.expect else low
    return sign(
        f"{shown(str(address))} looks like an action's address, no action has the ID, and an alias has it"
    )


CAUSES = (
    Cause(
        "verp-recipient",
        "a server wrapped the recipient's address (SRS, BATV or VERP), and nobody unwrapped it",
        "have the server that wraps it unwrap it, or read another field",
        _verp_recipient,
    ),
    Cause(
        "sub-address-unread",
        "the address names the action after +, and the resolver that reads it is off",
        "turn on the resolver sub-address",
        _sub_address_unread,
    ),
    Cause(
        "broken-encoding",
        "octets of another character set stand in the address",
        "have the sender write the address anew",
        _broken_encoding,
    ),
    Cause(
        "encoded-local-part",
        "the sending program put the address's local part into an encoded word",
        "have the sending program encode names only",
        _encoded_local_part,
    ),
    Cause(
        "look-alike-letters",
        "letters of another alphabet stand in the address",
        "have the sender write the address anew, by hand",
        _look_alike_letters,
    ),
    Cause(
        "user-without-alias",
        "users have no address of their own, and no alias leads to this one's mailbox",
        "add an alias for the user",
        _user_without_alias,
    ),
    Cause(
        "action-address-mistyped",
        "the action's address was retyped, and a character is wrong",
        "tell the sender; or give that spelling an alias",
        _action_address_mistyped,
    ),
    Cause(
        "id-mistyped",
        "the action's ID was retyped, and a digit is wrong",
        "move it by hand, and tell the sender",
        _id_mistyped,
    ),
    Cause(
        "action-gone",
        "the address is of an action that does not exist, or no longer",
        "open the action again, or give its address an alias",
        _action_gone,
    ),
    Cause(
        "alias-mistyped",
        "an alias was retyped, and a letter is wrong",
        "tell the sender; or add the spelling as an alias",
        _alias_mistyped,
    ),
    Cause(
        "alias-without-mailbox",
        "the alias leads to nobody",
        "link the alias to a mailbox",
        _alias_without_mailbox,
    ),
    Cause("no-such-alias", "nobody of the practice has this address", "add an alias for it", _no_such_alias),
    Cause(
        "sub-domain",
        "the address is on a sub-domain that is not the practice's",
        "add it as an alias",
        _sub_domain,
    ),
    Cause(
        "domain-mistyped",
        "the address would be known on the practice's own domain",
        "add it as an alias",
        _domain_mistyped,
    ),
    Cause(
        "foreign-address",
        "the recipient is an address of another domain",
        "add it as an alias",
        _foreign_address,
    ),
    Cause(
        "alias-takes-action-address",
        "an alias looks like the action's address, and gets its mail while no action has the ID",
        "rename the alias, or open the action",
        _alias_takes_action_address,
    ),
)
"""In the order in which equally sure ones are told."""
