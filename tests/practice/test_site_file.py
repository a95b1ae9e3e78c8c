"""R1.12: what is read from a site file, and that all its faults are told at once."""

import copy
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsim.practice.faults import SiteError
from mailsim.practice.site_file import load_toml, read_settings

SITES = Path(__file__).parents[2] / "fixtures" / "sites"
MAILBOX: dict[str, object] = {
    "type": "catch-all",
    "default_sender": "matters@abc.com",
    "fallback_address": "help@elsewhere.example",
}


def faults(**tables: object) -> list[str]:
    """What is said of a site whose `[mailbox]` is good unless given."""
    with pytest.raises(SiteError) as caught:
        read_settings({"mailbox": MAILBOX, **tables})
    return [str(fault) for fault in caught.value.faults]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    """One line each: the key, the value with secrets masked, what is allowed, what to do."""
    path = SITES / "faulty.toml"
    with pytest.raises(SiteError) as caught:
        read_settings(load_toml(path), source="faulty.toml")

    lines = str(caught.value).splitlines()
    assert sorted(line.removeprefix("faulty.toml: ").split(" = ")[0].split(": ")[0] for line in lines) == [
        "action[0].id",
        "action[2].id",
        "alias[0].mailboxes[1]",
        "alias[1].address",
        "alias[1].mailboxes",
        "mailbox.allow_fallback_clash",
        "mailbox.catch_all_header",
        "mailbox.default_sender",
        "mailbox.fallback_address",
        "mailbox.fallback_adress",
        "mailbox.type",
        "pop.common",
        "pop.password_env",
        "pop.passwrd",
        "pop.resolvers",
        "pop.server",
        "routing.internal",
        "routing.resolvers[1]",
        "sead",
        "sent[0].action",
        "sent[0].message_id",
        "smtp.authentication",
        "smtp.password",
        "smtp.port",
        "user[0].from",
    ]
    assert "sesame" not in str(caught.value)
    assert "12345" not in str(caught.value)
    assert all(line.startswith("faulty.toml: ") for line in lines)


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (
            {"mailbox": {}},
            "mailbox.type: is required: `single` (one address) or `catch-all` (`*@domain`); add type = ...",
        ),
        (
            {"mailbox": MAILBOX | {"type": "Single"}},
            'mailbox.type = "Single": must be "single" or "catch-all"; write "single"',
        ),
        (
            {"mailbox": MAILBOX | {"type": True}},
            'mailbox.type = true: must be "single" or "catch-all"; write one of these',
        ),
        ({"mailbox": "abc"}, 'mailbox = "abc": must be a table; write it as [mailbox]'),
        ({"mailbox": [MAILBOX]}, "mailbox = [...]: must be a table; write it as [mailbox]"),
        (
            {"mailbox": MAILBOX | {"default_sender": "Matters <matters@abc.com>"}},
            (
                'mailbox.default_sender = "Matters <matters@abc.com>": must be one address, '
                'such as help@elsewhere.example; write "matters@abc.com" alone'
            ),
        ),
        (
            {"mailbox": MAILBOX | {"default_sender": "matters"}},
            (
                'mailbox.default_sender = "matters": must be one address, such as help@elsewhere.example; '
                "write its local part, @ and domain"
            ),
        ),
        (
            {"mailbox": MAILBOX | {"default_sender": 5}},
            "mailbox.default_sender = 5: must be one address, such as help@elsewhere.example; write it in quotes",
        ),
        (
            {"mailbox": MAILBOX | {"default_sender": '"a\r\nBcc: x"@abc.com'}},
            'mailbox.default_sender = "\\"a\\u000d\\u000aBcc: x\\"@abc.com": must not hold control characters; remove them',
        ),
        (
            {"mailbox": MAILBOX | {"allow_fallback_clash": "yes"}},
            'mailbox.allow_fallback_clash = "yes": must be true or false; write it without quotes',
        ),
        (
            {"mailbox": MAILBOX | {"catch_all_header": "X Original To"}},
            (
                'mailbox.catch_all_header = "X Original To": must be a header field\'s name: no spaces, no colon; '
                'write such as "X-Original-To"'
            ),
        ),
        (
            {"mailbox": MAILBOX | {"catch_all_header": "X-BOX:"}},
            (
                'mailbox.catch_all_header = "X-BOX:": must be a header field\'s name: no spaces, no colon; '
                'write "X-BOX"'
            ),
        ),
        (
            {"mailbox": MAILBOX | {"catch_all_header": "X-BOX :"}},
            (
                'mailbox.catch_all_header = "X-BOX :": must be a header field\'s name: no spaces, no colon; '
                'write "X-BOX"'
            ),
        ),
        (
            {"mailbox": MAILBOX | {"catch_all_header": "received"}},
            (
                'mailbox.catch_all_header = "received": must be a field that tells the recipient; '
                'Received tells the way, not the recipient; write such as "X-Original-To"'
            ),
        ),
        (
            {"mailbox": MAILBOX | {"catch_all_header": "Bcc"}},
            (
                'mailbox.catch_all_header = "Bcc": must be a field that tells the recipient; '
                'Bcc names who must stay unnamed; write such as "X-Original-To"'
            ),
        ),
        (
            {"pop": {"server": 995}},
            "pop.server = 995: must be ssl://HOST:995 or tcp://HOST:110; write it in quotes",
        ),
        (
            {"pop": {"server": "ssl://pop.gmail.com:993"}},
            (
                'pop.server = "ssl://pop.gmail.com:993": port 993 is for IMAP, which is not supported; '
                'write "ssl://pop.gmail.com:995"'
            ),
        ),
        (
            {"pop": {"username": ""}},
            (
                'pop.username = "": must be a name, not empty and without control characters; '
                "write the name as it is shown"
            ),
        ),
        ({"pop": {"password": 12345}}, "pop.password = ***: must be text; write it in quotes"),
        (
            {"pop": {"password_env": "s3same!"}},
            (
                "pop.password_env = ***: must be the name of an environment variable; "
                "write the password itself under password"
            ),
        ),
        (
            {"pop": {"common": "Gmial"}},
            'pop.common = "Gmial": must be a built-in provider; `mailsim providers` lists them; write "gmail"',
        ),
        (
            {"pop": {"common": "zzz"}},
            (
                'pop.common = "zzz": must be a built-in provider; `mailsim providers` lists them; '
                "remove it, and give the server yourself"
            ),
        ),
        (
            {"smtp": {"server": "smtp.gmail.com:587"}},
            (
                'smtp.server = "smtp.gmail.com:587": must be a host name alone, without prefix and port; '
                'write "smtp.gmail.com" and port = 587'
            ),
        ),
        (
            {"smtp": {"port": 25}},
            (
                "smtp.port = 25: port 25 is refused: it is for mail between servers, and a source of spam; "
                'use your provider\'s other port, most often 587 or 465, or server = "localhost"'
            ),
        ),
        (
            {"smtp": {"port": "587"}},
            'smtp.port = "587": must be a whole number; write it without quotes and point',
        ),
        (
            {"smtp": {"port": True}},
            "smtp.port = true: must be a whole number; write it without quotes and point",
        ),
        (
            {"smtp": {"authentication": "cram_md5"}},
            (
                'smtp.authentication = "cram_md5": must be "none", "plain", "login", "cram-md5" or "xoauth2"; '
                'write "cram-md5"'
            ),
        ),
        (
            {"routing": {"resolvers": ["address"]}},
            (
                'routing.resolvers[0] = "address": must be "sub-address", "thread" or "subject-token"; '
                'write "sub-address"'
            ),
        ),
        (
            {"routing": {"resolvers": [["thread"]]}},
            'routing.resolvers[0] = [...]: must be "sub-address", "thread" or "subject-token"; write "thread"',
        ),
        (
            {"routing": {"resolvers": [7]}},
            'routing.resolvers[0] = 7: must be "sub-address", "thread" or "subject-token"; write one of these',
        ),
        (
            {"routing": {"resolvers": ["thread", "thread"]}},
            "routing.resolvers = [...]: must name each resolver once; remove the repetition",
        ),
        (
            {"routing": {"resolvers": "thread"}},
            'routing.resolvers = "thread": must be an array; write it in brackets: [...], or [[...]] for tables',
        ),
        (
            {"routing": {"action_address_in": "reply_to"}},
            'routing.action_address_in = "reply_to": must be "from", "reply-to" or "both"; write "reply-to"',
        ),
        (
            {"action": [{"id": -1}]},
            "action[0].id = -1: must be a number from 0, of at most 18 digits; write the number in the action's address",
        ),
        (
            {"action": [{"id": 10**18}]},
            (
                "action[0].id = 1000000000000000000: must be a number from 0, of at most 18 digits; "
                "write the number in the action's address"
            ),
        ),
        (
            {"action": [{"id": 16**6000}]},
            (
                "action[0].id = a huge number: must be a number from 0, of at most 18 digits; "
                "write the number in the action's address"
            ),
        ),
        (
            {"action": [{"id": 1.0}]},
            "action[0].id = 1.0: must be a whole number; write it without quotes and point",
        ),
        (
            {"action": [{"id": 1, "name": "a\nb"}]},
            'action[0].name = "a\\u000ab": must be one line without control characters; remove them',
        ),
        (
            {"action": {"id": 1}},
            "action = {...}: must be an array; write it in brackets: [...], or [[...]] for tables",
        ),
        ({"user": [{}]}, "user[0].name: is required: The user's and the mailbox's name; add name = ..."),
        (
            {"alias": [{"address": "a@abc.com", "mailboxes": [1]}]},
            "alias[0].mailboxes[0] = 1: must be text; write it in quotes",
        ),
        (
            {"sent": [{"message_id": "a@b", "action": 1}]},
            'sent[0].message_id = "a@b": must be a Message-ID in angle brackets; write "<a@b>"',
        ),
        (
            {"sent": [{"message_id": "<a@b.X", "action": 1}]},
            'sent[0].message_id = "<a@b.X": must be a Message-ID in angle brackets; write "<a@b.X>"',
        ),
        (
            {"sent": [{"message_id": "a b", "action": 1}]},
            'sent[0].message_id = "a b": must be a Message-ID in angle brackets; write such as "<20261123.1234@abc.com>"',
        ),
        (
            {"sead": 7},
            "sead = 7: is no key here; known are mailbox, pop, smtp, routing, action, user, alias, sent; remove it",
        ),
        (
            {"rooting": {}},
            (
                "rooting = {...}: is no key here; known are mailbox, pop, smtp, routing, action, user, alias, sent; "
                "write routing"
            ),
        ),
        (
            {"routing": {"catch_all_header": "To"}},
            (
                'routing.catch_all_header = "To": is no key here; known are internal, action_address_in, resolvers; '
                "it belongs under [mailbox]"
            ),
        ),
        (
            {"pop": {"passwrd": "sesame"}},
            (
                "pop.passwrd = ***: is no key here; known are common, server, username, password, password_env; "
                "write password"
            ),
        ),
        (
            {"user": [{"name": "mary", "form": "mary@abc.com"}]},
            'user[0].form = "mary@abc.com": is no key here; known are name, from; write from',
        ),
    ],
)
def test_a_fault_names_key_value_rule_and_cure(tables: dict[str, object], fault: str) -> None:
    """Each kind of fault, in its exact words."""
    assert fault in faults(**tables)


def test_an_empty_file_lacks_one_table() -> None:
    """Everything but `[mailbox]` may be left out."""
    with pytest.raises(SiteError, match=r"^mailbox: is required: The system mailbox; add \[mailbox\]$"):
        read_settings({})


def test_a_good_file_has_neither_faults_nor_warnings() -> None:
    """The site file of the contracts, whole."""
    for name in ("abc.toml", "plain.toml"):
        assert read_settings(load_toml(SITES / name)).warnings == ()


def test_what_is_good_beside_a_fault_is_still_compared() -> None:
    """A misspelled key does not hide that the fallback address clashes, nor the reverse."""
    mailbox = MAILBOX | {"fallback_address": "help@abc.com", "catchall_header": "To"}

    found = faults(
        mailbox=mailbox,
        user=[{"name": "mary", "from": 3}],
        alias=[{"address": "a@abc.com", "mailboxes": ["mary", "jo"]}],
    )

    assert [fault.split(" = ")[0] for fault in found] == [
        "mailbox.catchall_header",
        "user[0].from",
        "mailbox.fallback_address",
        "alias[0].mailboxes[1]",
    ]


@pytest.mark.parametrize("users", [[{"name": 5}, {"name": "mary"}], [7], "mary", {"name": "john"}])
def test_an_unreadable_user_does_not_make_an_alias_faulty(users: object) -> None:
    """The name in the alias may be the one that could not be read."""
    found = faults(user=users, alias=[{"address": "a@abc.com", "mailboxes": ["john"]}])

    assert not [fault for fault in found if fault.startswith("alias")]


def test_a_faulty_file_is_not_changed_by_reading() -> None:
    """The caller's tables stay as they were."""
    tables = tomllib.loads((SITES / "faulty.toml").read_text())
    before = copy.deepcopy(tables)

    with pytest.raises(SiteError):
        read_settings(tables)

    assert tables == before


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"[mailbox\n", "not TOML: Expected ']'"),
        (b"a = 1\nb = \xff\n", "not UTF-8 at line 2; save it as UTF-8"),
        (b"a = " + b"9" * 5000, "not TOML: "),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = '\x00'", "not TOML: "),
    ],
)
def test_what_is_no_toml_is_one_fault(tmp_path: Path, octets: bytes, says: str) -> None:
    """One line, with the place where the parser knows it."""
    file = tmp_path / "site.toml"
    file.write_bytes(octets)

    with pytest.raises(SiteError) as caught:
        load_toml(file)

    (fault,) = caught.value.faults
    assert fault.key == str(file)
    assert says in f"{fault.allowed}; {fault.fix}"
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["missing.toml", ".", "a\0b", "x" * 300, ""])
def test_a_file_that_cannot_be_read_is_one_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Missing, a folder, no name at all."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SiteError, match=r"cannot be read: .*; name another TOML file") as caught:
        load_toml(name)

    assert len(str(caught.value).splitlines()) == 1


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """As some editors write it."""
    file = tmp_path / "site.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\n")

    assert load_toml(file) == {"a": 1}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["mary", "a1@abc.com", "localhost"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["type", "default_sender", "fallback_address", "server", "port", "password", "resolvers", "id", "name", "from",
        "address", "mailboxes", "message_id", "action"]  # fmt: skip
TABLE = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
TABLES = st.dictionaries(
    st.sampled_from(["mailbox", "pop", "smtp", "routing", "action", "user", "alias", "sent"]),
    VALUES | TABLE | st.lists(TABLE, max_size=3),
)


@given(TABLES, st.booleans())
def test_no_tables_raise_anything_else(tables: dict[str, object], good_mailbox: bool) -> None:
    """Whatever a file holds, the answer is settings or the one error, in as many lines as faults."""
    if good_mailbox:
        tables = {**tables, "mailbox": MAILBOX}
    try:
        read_settings(tables)
    except SiteError as error:
        lines, expected = str(error).split("\n"), len(error.faults)
    else:
        lines, expected = [], 0

    assert len(lines) == expected
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("table", ["pop", "smtp"])
@pytest.mark.parametrize("key", ["pw", "key", "kennwort", "auth"])
@pytest.mark.parametrize("server", ["localhost", "smtp.abc.com"])
def test_the_value_of_an_unknown_key_beside_a_secret_is_masked(table: str, key: str, server: str) -> None:
    """R1.11: whatever the key is called, the value may be the password; also with the system's own servers."""
    tables: dict[str, object] = {table: {key: "sesame"}}
    if table == "smtp":
        tables = {table: {key: "sesame", "server": server}}

    [line] = faults(**tables)

    assert line.startswith(f"{table}.{key} = ***: is no key here")
