"""pyspf's evaluation over a zone: no socket, no clock; nothing outside one query is changed.

pyspf asks DNS through one method of its query, which is overridden here as its cache and its count of void look-ups
are part of it. Load this module where it is used: pyspf and dnspython take their time.
"""

# ruff: noqa: ARG002, FBT001, FBT002 - the methods are called as pyspf calls its own

import warnings
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address

from mailsim.mail import normal_domain
from mailsim.provider.dns import Answer, RecordType, Status, Zone

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # an escape in pyspf's docstrings that newer Pythons warn of when they compile it
    import spf

MOST_VOID = 2
"""Void look-ups that are allowed (RFC 7208 section 4.6.4)."""
LONGEST_MACRO_STRING = 2048
"""Characters of one; pyspf's time grows with their square."""


class ZoneQuery(spf.query):  # type: ignore[misc]  # pyspf ships no types
    """One evaluation.

    Attributes:
        seconds: What DNS has taken so far, in the world's time.
    """

    def __init__(
        self,
        zone: Zone,
        *,
        ip: IPv4Address | IPv6Address,
        local: str,
        domain: str,
        helo: str,
        timeout: float,
        timestamp: int,
    ) -> None:
        super().__init__(i=str(ip), s=f"{local}@{domain}", h=helo)
        self.l, self.o, self.d = local, domain, domain  # pyspf cuts at the first @, which may stand in quotes
        self.t = str(timestamp)
        self.seconds = 0.0
        self._zone = zone
        self._limit = timeout
        self._answers: dict[tuple[str, str], Answer] = {}

    def dns(
        self,
        name: str,
        qtype: str,
        cnames: Mapping[str, str] | None = None,
        ignore_void: bool = False,
    ) -> list[object]:
        """What pyspf asks: the records of a name, none where there are none.

        Raises:
            spf.TempError: DNS failed, or all look-ups together took too long.
            spf.PermError: Too many void look-ups.
        """
        answer = self._ask(name, RecordType(qtype))
        if answer.void and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > MOST_VOID:
                raise spf.PermError(f"Void lookup limit of {MOST_VOID} exceeded")
        return [datum if isinstance(datum, tuple) else str(datum) for datum in answer.records]

    def expand(self, s: str, stripdot: bool = True) -> str:
        """A macro-string with its macros replaced.

        Raises:
            spf.PermError: It cannot be read.
        """
        if len(s) > LONGEST_MACRO_STRING:
            raise spf.PermError(f"macro-string over {LONGEST_MACRO_STRING} characters")
        return str(super().expand(s, stripdot))

    def _ask(self, name: str, type_: RecordType) -> Answer:
        asked = normal_domain(str(name))
        if not all(0 < len(label) < 64 for label in asked.split(".")):
            return Answer(Status.NXDOMAIN)  # no name that can be asked for
        answer = self._answers.get((asked, type_))
        if answer is None:
            answer = self._zone.answer(asked, type_)
            self._answers[asked, type_] = answer
            self.seconds += answer.seconds
        if answer.status in (Status.SERVFAIL, Status.TIMEOUT):
            if answer.status is Status.TIMEOUT:
                self.seconds = max(self.seconds, self._limit)
            raise spf.TempError(f"DNS {answer.status}", f"{asked} {type_}")
        if self.seconds > self._limit:
            raise spf.TempError(f"DNS took longer than {self._limit:g} s", f"{asked} {type_}")
        return answer
