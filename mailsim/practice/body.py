"""The body of a composed message: plain text, HTML beside it, an attachment (RFC 2045, RFC 2046).

Laws: 7-bit octets in CRLF lines of at most 998; no boundary occurs in a part, for every
part that could hold one is encoded.
"""

import binascii

_LONG = 998  # characters of a line, with its end more than RFC 5322 section 2.1.1 allows
_PLAIN = b"\t\n" + bytes(range(32, 127))  # what stands in a body as it is
_LINE = b"A" * 76 + b"\r\n"  # 57 NUL octets in base64 (RFC 2045 section 6.8)
_LINE_OCTETS = 57


def body(text: str, html: str, attachment_size: int, token: str) -> bytes:
    """The Content fields, the empty line and what follows it; `token` names the boundaries."""
    part = _text_part("plain", text)
    if html:
        part = _multipart("alternative", [part, _text_part("html", html)], f"=_alternative.{token}")
    if attachment_size:
        part = _multipart("mixed", [part, _attachment(attachment_size)], f"=_mixed.{token}")
    return part


def _multipart(kind: str, parts: list[bytes], boundary: str) -> bytes:
    """RFC 2046 section 5.1; `=_` stands in no encoded part (RFC 2045 section 6.7, note)."""
    delimiter = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"


def _text_part(kind: str, text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    octets = text.encode("utf-8", "replace")
    plain = text.isascii() and not octets.translate(None, _PLAIN)
    short = len(text) < _LONG or max(map(len, text.split("\n"))) < _LONG
    if plain and short and "--=_" not in text:
        head = f"Content-Type: text/{kind}; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        return head.encode() + octets.replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    quoted = binascii.b2a_qp(octets, istext=True)
    return head.encode() + quoted.replace(b"\n", b"\r\n")


def _attachment(size: int) -> bytes:
    """Zeros of that size: what counts of an attachment here is how large it is."""
    lines, rest = divmod(size, _LINE_OCTETS)
    last = binascii.b2a_base64(bytes(rest), newline=False) + b"\r\n" if rest else b""
    head = (
        b"Content-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="attachment.bin"\r\n\r\n'
    )
    return head + _LINE * lines + last
