"""R1.5 and R1.6: which server addresses are taken, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.practice.server_address import (
    ServerAddress,
    ServerAddressError,
    check_smtp_port,
    normal_host,
    smtp_host,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ssl://pop.gmail.com:995", ServerAddress(True, "pop.gmail.com", 995)),
        ("ssl://pop.gmail.com", ServerAddress(True, "pop.gmail.com", 995)),
        ("tcp://pop.mymail.com:110", ServerAddress(False, "pop.mymail.com", 110)),
        ("tcp://pop.mymail.com", ServerAddress(False, "pop.mymail.com", 110)),
        ("SSL://POP.Gmail.COM", ServerAddress(True, "pop.gmail.com", 995)),
        ("ssl://pop.gmail.com.:995", ServerAddress(True, "pop.gmail.com", 995)),
        ("ssl://[::1]:995", ServerAddress(True, "::1", 995)),
        ("tcp://[2001:DB8::1]", ServerAddress(False, "2001:db8::1", 110)),
        ("tcp://127.0.0.1:40123", ServerAddress(False, "127.0.0.1", 40123)),
        ("ssl://pop.bücher.example", ServerAddress(True, "pop.xn--bcher-kva.example", 995)),
        ("tcp://mail_server:1", ServerAddress(False, "mail_server", 1)),
        ("tcp://host:65535", ServerAddress(False, "host", 65535)),
    ],
)
def test_a_good_address_is_read(text: str, address: ServerAddress) -> None:
    """Prefix, host and port are taken apart; a port that is not given is the prefix's own."""
    assert ServerAddress.parse(text) == address


@pytest.mark.parametrize(
    ("text", "says", "instead"),
    [
        ("pop.gmail.com", "has no ssl:// or tcp://", 'write "ssl://pop.gmail.com:995"'),
        ("pop.gmail.com:993", "has no ssl:// or tcp://", 'write "ssl://pop.gmail.com:995"'),
        ("pop.mymail.com:110", "has no ssl:// or tcp://", 'write "tcp://pop.mymail.com:110"'),
        ("//pop.mymail.com", "has no ssl:// or tcp://", 'write "ssl://pop.mymail.com:995"'),
        ("", "has no ssl:// or tcp://", 'write "ssl://pop.example.com:995"'),
        ("imaps://imap.gmail.com:993", "IMAP is not supported", 'write "ssl://imap.gmail.com:995"'),
        ("pop3://pop.gmail.com", "pop3:// is not known", 'write "tcp://pop.gmail.com:110"'),
        ("pop3s://pop.gmail.com:1995", "pop3s:// is not known", 'write "ssl://pop.gmail.com:1995"'),
        ("ssl://imap.gmail.com:993", "port 993 is for IMAP", 'write "ssl://imap.gmail.com:995"'),
        ("tcp://imap.gmail.com:993", "port 993 is for IMAP", 'write "ssl://imap.gmail.com:995"'),
        ("ssl://h:0", "port must be from 1 to 65535", 'write "ssl://h:995"'),
        ("ssl://h:65536", "port must be from 1 to 65535", 'write "ssl://h:995"'),
        ("tcp://h:", "port must be from 1 to 65535", 'write "tcp://h:110"'),
        ("ssl://h:995/", "port must be from 1 to 65535", 'write "ssl://h:995"'),
        ("ssl://h:٩٩٥", "port must be from 1 to 65535", 'write "ssl://h:995"'),
        ("ssl://h:" + "9" * 5000, "port must be from 1 to 65535", 'write "ssl://h:995"'),
        ("ssl://", "no valid host name", 'write "ssl://pop.example.com:995"'),
        ("ssl://:995", "no valid host name", 'write "ssl://pop.example.com:995"'),
        ("ssl://pop.gmail.com/", "no valid host name", 'write "ssl://pop.gmail.com:995"'),
        ("ssl:// pop.gmail.com", "no valid host name", 'write "ssl://pop.gmail.com:995"'),
        ("ssl://pop..com", "no valid host name", "write"),
        ("ssl://-pop.com", "no valid host name", "write"),
        ("ssl://300.1.1.1:995", "no valid host name", "write"),
        ("ssl://" + "a." * 127 + "com", "no valid host name", "write"),
        ("ssl://[not:v6]:995", "no valid host name", "write"),
        ("ssl://[abc]:995", "no valid host name", 'write "ssl://abc:995"'),
        ("ssl://::1", "IPv6 address stands in brackets", 'write "ssl://[::1]:995"'),
        ("ssl://a:b:c", "IPv6 address stands in brackets", "write such as ssl://[::1]:995"),
    ],
)
def test_a_bad_address_is_refused_with_what_to_write(text: str, says: str, instead: str) -> None:
    """Each fault names itself and what to write instead."""
    with pytest.raises(ServerAddressError) as caught:
        ServerAddress.parse(text)

    assert says in caught.value.allowed
    assert caught.value.fix.startswith(instead)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ssl://me:sesame@pop.gmail.com",
        "me:sesame@pop.gmail.com",
        "ssl://a:b@sesame@host",
        "ssl://a:b/sesame@host",
    ],
)
def test_a_password_in_an_address_is_never_shown(text: str) -> None:
    """R1.11: neither the POP nor the SMTP server's address shows what stands before "@"."""
    for parse in (ServerAddress.parse, smtp_host):
        with pytest.raises(ServerAddressError, match="user name or password") as caught:
            parse(text)
        assert "sesame" not in str(caught.value)
        assert "***@" in str(caught.value)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever is written, the answer is an address or the one error."""
    for candidate in (text, f"ssl://{text}", f"tcp://h:{text}"):
        try:
            address = ServerAddress.parse(candidate)
        except ServerAddressError as error:
            said = str(error)
        else:
            said = str(address)
            assert ServerAddress.parse(said) == address
        assert said.isprintable()


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("smtp.gmail.com", "smtp.gmail.com"),
        ("LocalHost", "localhost"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_an_smtp_server_is_a_host_alone(text: str, host: str) -> None:
    """The SMTP server's address has neither prefix nor port."""
    assert smtp_host(text) == host


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("smtp.gmail.com:587", 'write "smtp.gmail.com" and port = 587'),
        ("smtp.gmail.com:25", 'write "smtp.gmail.com"'),
        ("ssl://smtp.gmail.com:465", 'write "smtp.gmail.com" and port = 465'),
        ("smtp.gmail.com/", 'write "smtp.gmail.com"'),
        ("a b", 'write such as "smtp.gmail.com" or "localhost"'),
        ("[::1]:587", 'write such as "smtp.gmail.com" or "localhost"'),
        ("", 'write such as "smtp.gmail.com" or "localhost"'),
    ],
)
def test_an_smtp_server_with_more_is_refused(text: str, instead: str) -> None:
    """The fix puts the port where it belongs, but never port 25."""
    with pytest.raises(ServerAddressError) as caught:
        smtp_host(text)

    assert caught.value.fix == instead


@pytest.mark.parametrize("port", [1, 24, 26, 465, 587, 65535])
def test_other_ports_are_taken(port: int) -> None:
    """R1.6 is about port 25 alone."""
    check_smtp_port(port)


def test_port_25_is_refused_with_the_way_out() -> None:
    """R1.6: the message suggests other ports and localhost."""
    with pytest.raises(ServerAddressError, match=r'^25: .*refused.*587 or 465.*"localhost"$'):
        check_smtp_port(25)


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**400])
def test_what_is_no_port_is_refused(port: int) -> None:
    """A port is from 1 to 65535."""
    with pytest.raises(ServerAddressError, match="from 1 to 65535"):
        check_smtp_port(port)


@pytest.mark.parametrize("text", ["", ".", "a" * 64, "é..b", "1.2.3", "a:b", "a b", "*.com"])
def test_what_is_no_host(text: str) -> None:
    """Labels of RFC 1123; what ends in a number is an IPv4 address or nothing."""
    assert normal_host(text) is None
