"""The Email Preferences as a form: judged while one types, checked against the servers, saved as a site file.

    from mailsim.notebook import Preferences
    Preferences("site.toml")

Laws: what is judged is the site file that would be saved, by the rules that read it; what servers say stands escaped. A
password leaves its widget as soon as it is typed, since notebooks are saved with the state of their widgets. Tables that the form does not have, such as `[[action]]`, stay as they are; comments do not.
"""

import os
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from tempfile import NamedTemporaryFile

from anyio.from_thread import start_blocking_portal

from mailsim.check.settings import own_faults, red_settings
from mailsim.check.verdict import Check, Verdict
from mailsim.display import Tone, badge, block, text
from mailsim.extras import not_installed
from mailsim.practice.faults import Fault, SiteError
from mailsim.practice.settings import ActionAddressIn, Authentication, InternalRouting, MailboxType
from mailsim.practice.site import Site, read_site
from mailsim.practice.site_file import load_toml
from mailsim.provider.profiles import profiles
from mailsim.study.diagnosis.site_tables import toml

try:
    import ipywidgets as w
except ModuleNotFoundError:
    raise ModuleNotFoundError(not_installed("ipywidgets", "notebook"), name="ipywidgets") from None

Addresses = Mapping[tuple[str, int], tuple[str, int]]
_WIDE = {"width": "min(480px, 96%)"}
_LABEL = {"description_width": "150px"}
_BESIDE = {"margin": "0 0 0 158px"}  # under the fields, not under their labels


@dataclass(frozen=True, slots=True)
class _Field:
    """One setting: its widget, and the line below that says what is wrong with it."""

    key: str
    widget: w.ValueWidget
    fault: w.HTML

    def value(self) -> object:
        """What the site file would have; None where it would not have the key."""
        value = self.widget.value
        if isinstance(value, str):
            value = value.strip()
        if self.key == "smtp.port" and isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return value if value not in {"", False} else None


class Preferences:
    """The form; shows itself as the last line of a cell. `site` is the site as it stands in the form."""

    def __init__(
        self,
        path: str | PathLike[str] = "site.toml",
        *,
        tls: ssl.SSLContext | None = None,
        addresses: Addresses | None = None,
    ) -> None:
        """`path` is the site file, read now if it is there; `tls` and `addresses` are as in `Site.check_pop`.

        Raises:
            SiteError: The file is there and cannot be read, or is not TOML.
        """
        tables = load_toml(path) if Path(path).exists() else {}
        self.site: Site | None = None
        self.faults: tuple[Fault, ...] = ()
        self._others = tables
        self._tls, self._addresses = tls, addresses
        self._fields = {key: _field(key, tables) for key in _WIDGETS}
        self._secrets: dict[str, object] = {}
        for key in _SECRETS:
            name, _, own = key.partition(".")
            table = tables.get(name)
            self._keep(key, table.get(own) if isinstance(table, Mapping) else None)
        self._rest = w.HTML()
        self._path = w.Text(str(path), description="Site file", layout=_WIDE, style=_LABEL)
        self._save = w.Button(description="Save", icon="save", tooltip="Write the site file")
        self._saved = w.HTML()
        self._checks = {check: _CheckButton(check) for check in Check}
        self.widget = self._laid_out()
        for key, field in self._fields.items():
            field.widget.observe(partial(self._typed, key), "value")
        self._save.on_click(lambda _: self.save())
        for check, button in self._checks.items():
            button.widget.on_click(lambda _, check=check: self.check(check))
        self._judge()

    def _repr_mimebundle_(self, **options: object) -> object:
        return self.widget._repr_mimebundle_(**options)

    @property
    def tables(self) -> dict[str, object]:
        """The tables of the site file as the form has them."""
        found: dict[str, object] = {name: _copied(table) for name, table in self._others.items()}
        for field in self._fields.values():
            name, key = field.key.split(".")
            table = found.setdefault(name, {})
            if not isinstance(table, dict):  # somebody's file has something else there; the rules say so
                continue
            value = self._secrets.get(field.key) if field.key in _SECRETS else field.value()
            table.pop(key, None)
            if value is not None:
                table[key] = value
        return {name: table for name, table in found.items() if table != {}}

    def set(self, key: str, value: object) -> None:
        """Fill one field, such as `pop.server`, as if it were typed."""
        self._fields[key].widget.value = value

    def check(self, check: Check) -> Verdict:
        """Check POP or SMTP as the form stands; the button turns green or red, with the reason."""
        button = self._checks[check]
        button.wait()
        verdict = self._verdict(check)
        button.show(verdict)
        return verdict

    def save(self) -> bool:
        """Write the site file, whole or not at all; a form with faults is not saved."""
        path = Path(self._path.value)
        if self.faults:
            self._saved.value = _told(Tone.BAD, "not saved", "mend what is marked first")
            return False
        try:
            _replace(path, toml(self.tables))
        except OSError as error:
            self._saved.value = _told(
                Tone.BAD, "not saved", f"{path}: {error.strerror or error}; name another file"
            )
            return False
        self._saved.value = _told(Tone.GOOD, "saved", str(path))
        return True

    def _verdict(self, check: Check) -> Verdict:
        try:
            site = read_site(self.tables)
        except SiteError as error:
            return red_settings(check, own_faults(check, error) or error.faults)
        ask: dict[Check, Callable[..., Awaitable[Verdict]]] = {
            Check.POP: site.check_pop,
            Check.SMTP: site.check_smtp,
        }

        async def asked() -> Verdict:
            return await ask[check](tls=self._tls, addresses=self._addresses)

        with start_blocking_portal() as portal:  # a kernel's own loop runs already
            return portal.call(asked)

    def _keep(self, key: str, secret: object) -> None:
        """Have a password, and not in its widget."""
        if secret:
            self._secrets[key] = secret
            self._fields[key].widget.value = ""
            self._fields[key].widget.placeholder = "(kept)"

    def _typed(self, key: str, _: object) -> None:
        if key in _SECRETS:
            self._keep(key, self._fields[key].widget.value)
        self._saved.value = ""
        for button in self._checks.values():
            button.reset()
        self._judge()

    def _judge(self) -> None:
        try:
            self.site, self.faults = read_site(self.tables), ()
        except SiteError as error:
            self.site, self.faults = None, error.faults
        elsewhere: list[Fault] = []
        lines: dict[str, list[Fault]] = {key: [] for key in self._fields}
        for fault in self.faults:
            lines.get(fault.key, elsewhere).append(fault)
        for key, field in self._fields.items():
            field.fault.value = _lines(lines[key], Tone.BAD)
        warned = self.site.warnings if self.site else ()
        self._rest.value = _lines(elsewhere, Tone.BAD, keyed=True) + _lines(warned, Tone.WARNING, keyed=True)
        self._save.disabled = bool(self.faults)
        for table in ("pop", "smtp"):
            self._hint(table)

    def _hint(self, table: str) -> None:
        """What the common settings fill is shown where nothing is typed (R1.9)."""
        common = profiles().get(str(self._fields[f"{table}.common"].widget.value))
        domain = self.site.settings.domain if self.site else "example.com"
        server = common and (common.pop_server(domain) if table == "pop" else common.smtp_server(domain))
        fallback = "ssl://pop.example.com:995" if table == "pop" else "smtp.example.com, or localhost"
        self._fields[f"{table}.server"].widget.placeholder = server or fallback
        if table == "smtp":
            self._fields["smtp.port"].widget.placeholder = (
                str(common.number("smtp_port", 587)) if common else "587"
            )

    def _laid_out(self) -> w.VBox:
        def fields(*keys: str) -> list[w.Widget]:
            return [part for key in keys for part in (self._fields[key].widget, self._fields[key].fault)]

        def section(title: str, *parts: w.Widget) -> list[w.Widget]:
            return [w.HTML(f'<div style="font-weight:600;margin-top:8px">{text(title)}</div>'), *parts]

        def check(check: Check) -> list[w.Widget]:
            return [self._checks[check].widget, self._checks[check].said]

        groups = {
            name: [key for key in _WIDGETS if key.startswith(f"{name}.") and key not in _ADVANCED]
            for name in ("mailbox", "pop", "smtp")
        }
        advanced = w.Accordion([w.VBox(fields(*_ADVANCED))], titles=("Advanced settings",))
        return w.VBox(
            [
                *section("System mailbox", *fields(*groups["mailbox"])),
                *section("Collecting (POP)", *fields(*groups["pop"]), *check(Check.POP)),
                *section("Sending (SMTP)", *fields(*groups["smtp"]), *check(Check.SMTP)),
                advanced,
                self._rest,
                w.HBox([self._path, self._save], layout={"flex_flow": "row wrap"}),
                self._saved,
            ]
        )


class _CheckButton:
    """A button that turns green or red, and what it says beside its colour."""

    def __init__(self, check: Check) -> None:
        self._name = f"Check {check.upper()}"
        self.widget = w.Button(description=self._name, icon="plug", layout=_BESIDE)
        self.said = w.HTML(layout=_BESIDE)

    def reset(self) -> None:
        self._look("", "plug", "")

    def wait(self) -> None:
        self._look("", "hourglass", text("asking the server …"))

    def show(self, verdict: Verdict) -> None:
        style, icon = ("success", "check") if verdict.green else ("danger", "times")
        self._look(style, icon, verdict._repr_html_())

    def _look(self, style: str, icon: str, said: str) -> None:
        self.widget.button_style, self.widget.icon, self.said.value = style, icon, said


def _field(key: str, tables: Mapping[str, object]) -> _Field:
    name, _, own = key.partition(".")
    table = tables.get(name)
    given = table.get(own) if isinstance(table, Mapping) and key not in _SECRETS else None
    widget = _WIDGETS[key]()
    if given is not None:
        with suppress(Exception):  # a value that the widget cannot hold is judged empty
            widget.value = given if isinstance(widget, w.Checkbox) else str(given)
    return _Field(key, widget, w.HTML(layout=_BESIDE))


def _text(label: str, hint: str = "") -> Callable[[], w.ValueWidget]:
    return lambda: w.Text(
        description=label, placeholder=hint, layout=_WIDE, style=_LABEL, continuous_update=True
    )


def _choice(label: str, options: Iterable[tuple[str, str]]) -> Callable[[], w.ValueWidget]:
    return lambda: w.Dropdown(description=label, options=list(options), layout=_WIDE, style=_LABEL)


def _words(words: Iterable[str], unset: str) -> list[tuple[str, str]]:
    return [(unset, ""), *((str(word), str(word)) for word in words)]


def _providers() -> list[tuple[str, str]]:
    return [("(none)", ""), *((one.name, one.id) for one in profiles().values())]


_WIDGETS: dict[str, Callable[[], w.ValueWidget]] = {
    "mailbox.type": _choice(
        "Mailbox type",
        [
            ("catch-all: *@domain", MailboxType.CATCH_ALL.value),
            ("single: one address", MailboxType.SINGLE.value),
        ],
    ),
    "mailbox.default_sender": _text("Default sender", "matters@abc.com"),
    "mailbox.fallback_address": _text("Fallback address", "help@elsewhere.example"),
    "pop.common": _choice("Common settings", _providers()),
    "pop.server": _text("POP server"),
    "pop.username": _text("Username"),
    "pop.password": lambda: w.Password(
        description="Password", layout=_WIDE, style=_LABEL, continuous_update=False
    ),
    "smtp.common": _choice("Common settings", _providers()),
    "smtp.server": _text("SMTP server"),
    "smtp.port": _text("Port"),
    "smtp.authentication": _choice("Authentication", _words(Authentication, "(as common)")),
    "smtp.username": _text("Username"),
    "smtp.password": lambda: w.Password(
        description="Password", layout=_WIDE, style=_LABEL, continuous_update=False
    ),
    "mailbox.catch_all_header": _text("Catch-all header", "only when catch-all mail is misrouted"),
    "mailbox.allow_fallback_clash": lambda: w.Checkbox(
        description="Allow the fallback to clash", layout=_WIDE, style=_LABEL
    ),
    "routing.internal": _choice("Internal routing", _words(InternalRouting, "(direct, recommended)")),
    "routing.action_address_in": _choice("Action's address in", _words(ActionAddressIn, "(from)")),
}
_SECRETS = ("pop.password", "smtp.password")
_ADVANCED = (
    "mailbox.catch_all_header",
    "mailbox.allow_fallback_clash",
    "routing.internal",
    "routing.action_address_in",
)


def _copied(table: object) -> object:
    return dict(table) if isinstance(table, Mapping) else table


def _lines(faults: Iterable[Fault], tone: Tone, *, keyed: bool = False) -> str:
    words = {Tone.BAD: "wrong", Tone.WARNING: "warning"}[tone]
    told = [
        f"{fault.key}: {fault.allowed}; {fault.fix}" if keyed else f"{fault.allowed}; {fault.fix}"
        for fault in faults
    ]
    return "".join(_told(tone, words, line) for line in told)


def _told(tone: Tone, word: str, said: str) -> str:
    return block(badge(word, tone), " ", said)


def _replace(path: Path, content: str) -> None:
    """Only the owner may read a file that may hold a password."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=path.parent, delete=False) as file:
        file.write(content)
    try:
        os.replace(file.name, path)  # noqa: PTH105 - one call
    except OSError:
        Path(file.name).unlink()
        raise
