"""Faults that have a server show another certificate: when they can strike at all. Pure."""

from mailsim.faults.syntax import FaultError, FaultSpec

CERTIFICATES = ("expired-certificate", "foreign-certificate")
"""The words of these faults, in every protocol."""


def demand_certificate(spec: FaultSpec, shown_at: str | None) -> None:
    """Refuse a fault that has a certificate shown when none is; `shown_at` is when one is, None for never.

    Raises:
        FaultError: It can never strike.
    """
    if spec.what not in CERTIFICATES or spec.verb == shown_at:
        return
    if shown_at is None:
        raise FaultError(
            f"fault {spec.text!r}: a server without TLS shows no certificate; choose another fault, or TLS"
        )
    raise FaultError(
        f"fault {spec.text!r}: this server shows its certificate at {shown_at}; write {str(shown_at)!r}"
    )
