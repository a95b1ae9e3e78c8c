"""Real clients against our POP3 server: a nasty maildrop arrives octet for octet, plain, by STLS and over TLS."""

import mailbox
import os
import poplib
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailsim.pop3.embedded import Pop3Server, Tls

HEAD = (
    b"From: jane@client.example\r\nTo: a1@abc.com\r\nSubject: %d\r\nMessage-ID: <%d@client.example>\r\n\r\n"
)
BODIES = (
    b"plain\r\n",
    b".\r\n..\r\n.dot first\r\n...\r\n.\r\n",
    b"x" * 3000 + b"\r\n" + b"." * 3000 + b"\r\n",
    b"Gr\xfc\xdfe, 8-bit: " + bytes(range(128, 256)) + b"\r\n",
    b"no final newline",
    b"\r\n\r\nblank lines round it\r\n\r\n\r\n",
    b"",
    b"From the beginning of a line\r\n>From another\r\n",
    b"+OK\r\n-ERR\r\nQUIT\r\n",
    (b"." + b"z" * 70 + b"\r\n") * 280_000,  # 20 MB, a dot on every line
)
MESSAGES = tuple(HEAD % (number, number) + body for number, body in enumerate(BODIES, 1))
SENT = [message if message.endswith(b"\r\n") else message + b"\r\n" for message in MESSAGES]

pytestmark = pytest.mark.peers


@pytest.fixture(params=list(Tls))
def server(request: pytest.FixtureRequest) -> Iterator[Pop3Server]:
    """Alice's nasty maildrop."""
    with Pop3Server({"alice": ("secret", MESSAGES)}, tls=request.param) as running:
        yield running


def run(command: Sequence[str], **environment: str) -> None:
    """Run a client; what it says is shown when it fails."""
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])


def by_number(place: Path) -> list[bytes]:
    """The messages of a Maildir or folder in the order of their Message-IDs, with CRLF."""
    found = [path.read_bytes() for path in place.rglob("*") if path.is_file()]
    lines = [octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for octets in found]
    return sorted(lines, key=lambda octets: int(octets.partition(b"Subject: ")[2].split(b"\r\n")[0]))


def test_poplib(server: Pop3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """RETR and DELE of each."""
    monkeypatch.setattr(poplib, "_MAXLINE", 1_000_000)  # its 2,048 octets a line are too few for mail
    context = ssl.create_default_context(cafile=server.ca)
    if "implicit" in repr(server):
        client: poplib.POP3 = poplib.POP3_SSL("localhost", server.port, context=context, timeout=60)
    else:
        client = poplib.POP3("localhost", server.port, timeout=60)
    if "stls" in repr(server):
        client.stls(context)
    client.user("alice")
    client.pass_("secret")
    fetched = []
    for number in range(1, len(MESSAGES) + 1):
        fetched.append(b"".join(line + b"\r\n" for line in client.retr(number)[1]))
        client.dele(number)
    client.quit()

    assert fetched == SENT
    assert server.messages("alice") == ()


def test_curl(server: Pop3Server, tmp_path: Path) -> None:
    """One session for a range of RETR, one for a range of DELE; it logs in by CRAM-MD5."""
    implicit = "implicit" in repr(server)
    url = f"pop3{'s' if implicit else ''}://localhost:{server.port}/[1-{len(MESSAGES)}]"
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", "--user", "alice:secret"]
    if server.ca is not None:
        command += ["--ssl-reqd", "--cacert", str(server.ca)]

    run([*command, url, "--output", str(tmp_path / "#1")])
    assert [(tmp_path / str(number)).read_bytes() for number in range(1, len(MESSAGES) + 1)] == SENT
    run([*command, "--head", "--request", "DELE", url])
    assert server.messages("alice") == ()


def test_fetchmail(server: Pop3Server, tmp_path: Path) -> None:
    """LIST, RETR and DELE of each; its BSMTP file is undone here."""
    secure = {
        "none": "sslproto ''",
        "stls": f"sslproto 'auto' sslcertck sslcertfile {server.ca} sslcommonname localhost",
        "implicit": f"ssl sslproto 'auto' sslcertck sslcertfile {server.ca} sslcommonname localhost",
    }[tls_of(server)]
    control = tmp_path / "fetchmailrc"
    control.write_text(
        f'set idfile "{tmp_path}/ids"\npoll localhost service {server.port} proto pop3 auth password\n'
        f'user "alice" password "secret" is root here {secure}\n'
        f"nokeep fetchall no rewrite no mimedecode bsmtp {tmp_path}/mail\n"
    )
    control.chmod(0o600)

    run(["fetchmail", "--silent", "--fetchmailrc", str(control), "--nodetach"], FETCHMAILHOME=str(tmp_path))

    assert [without_trace(octets) for octets in from_bsmtp((tmp_path / "mail").read_bytes())] == SENT
    assert server.messages("alice") == ()


def from_bsmtp(octets: bytes) -> list[bytes]:
    """The messages of a batch of SMTP, unstuffed."""
    parts = (b"\r\n" + octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).split(b"\r\nDATA\r\n")[1:]
    return [
        (b"\r\n" + part.partition(b"\r\n.\r\n")[0] + b"\r\n").replace(b"\r\n.", b"\r\n")[2:] for part in parts
    ]


def without_trace(octets: bytes) -> bytes:
    """A message without what a client put on top: Received by fetchmail, Return-Path by getmail6."""
    return octets[octets.index(b"From: jane@client.example") :]


def test_mpop(server: Pop3Server, tmp_path: Path) -> None:
    """RETR pipelined, then DELE, into a Maildir."""
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    tls = tls_of(server)
    settings = {
        "none": "tls off",
        "stls": f"tls on\ntls_starttls on\ntls_trust_file {server.ca}",
        "implicit": f"tls on\ntls_starttls off\ntls_trust_file {server.ca}",
    }[tls]
    control = tmp_path / "mpoprc"
    control.write_text(
        f"account ref\nhost localhost\nport {server.port}\nuser alice\npassword secret\nauth user\n{settings}\n"
        f"keep off\nuidls_file {tmp_path}/uids\ndelivery maildir {tmp_path}/mail\nreceived_header off\n"
        "pipelining on\n"
    )
    control.chmod(0o600)

    run(["mpop", "-C", str(control), "-q", "ref"])

    assert by_number(tmp_path / "mail") == SENT
    assert server.messages("alice") == ()


def tls_of(server: Pop3Server) -> str:
    """How a server speaks TLS."""
    return repr(server).partition("tls='")[2].partition("'")[0]


GETMAIL = """
[retriever]
type = {retriever}
server = localhost
port = {port}
username = alice
password = secret
{security}
[destination]
type = Maildir
path = {mail}/
{user}
[options]
delete = true
read_all = true
delivered_to = false
received = false
"""


@pytest.fixture(scope="session")
def getmail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """getmail6 of PyPI in an environment of its own."""
    home = tmp_path_factory.mktemp("getmail")
    run([sys.executable, "-m", "venv", str(home)])
    run([str(home / "bin" / "pip"), "install", "--quiet", "getmail6"])
    return home / "bin" / "getmail"


@pytest.mark.parametrize("server", [Tls.NONE, Tls.IMPLICIT], indirect=True)
def test_getmail6(server: Pop3Server, getmail: Path, maildir: Callable[[], Path], tmp_path: Path) -> None:
    """UIDL, LIST, then RETR and DELE of each. It has no retriever that speaks STLS."""
    tls = tls_of(server)
    mail = maildir()
    control = tmp_path / "getmailrc"
    control.write_text(
        GETMAIL.format(
            retriever="SimplePOP3SSLRetriever" if tls == "implicit" else "SimplePOP3Retriever",
            port=server.port,
            security=f"ca_certs = {server.ca}" if tls == "implicit" else "",
            mail=mail,
            user="user = nobody" if os.getuid() == 0 else "",
        )
    )

    run([str(getmail), "-q", "--getmaildir", str(tmp_path), "--rcfile", str(control)])

    assert [without_trace(octets) for octets in by_number(mail / "new")] == SENT
    assert server.messages("alice") == ()


YAPOPLE = """
const fs = require("fs"), net = require("net");
const { Client } = require("yapople");
const [way, folder, port, ca] = process.argv.slice(1);

function upgraded() {  // a socket that waits for TLS, and the greeting that came before
  return new Promise((resolve) => {
    const socket = net.connect(port, "localhost");
    socket.once("data", (greeting) => {
      socket.once("data", () => resolve({ socket, greeting }));
      socket.write("STLS\\r\\n");
    });
  });
}

(async () => {
  const { socket, greeting } = way === "stls" ? await upgraded() : {};
  const tls = way === "none" ? {} : { tls: true, options: { ca: fs.readFileSync(ca), ...(socket && { socket }) } };
  const client = new Client({ host: "localhost", port, username: "alice", password: "secret", ...tls });
  const connected = client.connect();
  if (socket) client._socket.once("secureConnect", () => client._socket.unshift(greeting));
  await connected;
  for (let number = await client.count(); number > 0; number--) {
    fs.writeFileSync(`${folder}/${number}`, await client.retr(number));
    await client.dele(number);
  }
  await client.disconnect();
})();
"""


@pytest.fixture(scope="session")
def yapople(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds yapople of npm."""
    home = tmp_path_factory.mktemp("yapople")
    options = ["--no-audit", "--no-fund", "--ignore-scripts"]
    run(["npm", "install", *options, "--prefix", str(home), "yapople@~0.4.10"])
    return home / "node_modules"


def test_yapople(server: Pop3Server, yapople: Path, tmp_path: Path) -> None:
    """RETR and DELE of each, the last first.

    No client on npm speaks STLS on Node 20: poplib 0.1.7 and mailpop3 0.1.0 die at it (`crypto.createCredentials` and
    `crypto.createSecureContext` are no more), node-pop3 0.11.0, node-poplib-gowhich 1.0.2 and yapople have none. So STLS
    is said here, TLS is Node's own, and yapople is given the socket, and the greeting for which it waits.

    It hands back what stands between the status line and `CRLF.CRLF`, octet for octet: dots stay stuffed, and the
    message's last line end is taken for the terminator's. So that is what is looked for.
    """
    place = [tls_of(server), str(tmp_path), str(server.port), str(server.ca)]

    run(["node", "-e", YAPOPLE, *place], NODE_PATH=str(yapople))

    fetched = [(tmp_path / str(number)).read_bytes() for number in range(1, len(SENT) + 1)]
    stuffed = [(b"\r\n" + octets).replace(b"\r\n.", b"\r\n..")[2:] for octets in SENT]
    assert fetched == [octets.removesuffix(b"\r\n") for octets in stuffed]
    assert server.messages("alice") == ()


@pytest.fixture
def maildir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Make a Maildir that an unprivileged user can write to: getmail6 refuses to deliver as root."""
    import shutil
    import tempfile

    home = Path(tempfile.mkdtemp(prefix="mailsim-getmail-"))

    def make() -> Path:
        home.chmod(0o755)
        mailbox.Maildir(home / "mail")
        if os.getuid() == 0:
            for place in (home / "mail", *(home / "mail").iterdir()):
                os.chown(place, 65534, 65534)
        return home / "mail"

    yield make
    shutil.rmtree(home)
