"""The Email Preferences form without a browser: what is typed is judged, checked against a Lab, and saved."""

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest

import mailsim
from mailsim.check.verdict import Cause, Check
from mailsim.notebook import Preferences
from mailsim.study.diagnosis.site_tables import toml

SITE: dict[str, object] = {
    "mailbox": {
        "type": "catch-all",
        "default_sender": "matters@abc.com",
        "fallback_address": "help@elsewhere.example",
    },
    "pop": {"common": "gmail", "username": "matters@abc.com", "password": "s3cret"},
    "smtp": {"common": "gmail", "port": 587, "username": "matters@abc.com", "password": "s3cret"},
    "action": [{"id": 1234, "name": "Smith v Jones"}],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A site file."""
    (tmp_path / "site.toml").write_text(toml(SITE))
    return tmp_path / "site.toml"


@pytest.fixture(scope="module")
def lab() -> Iterator[mailsim.Lab]:
    """The servers that the site names."""
    with mailsim.Lab(SITE | {"provider": {"profile": "gmail"}}) as world:
        yield world


def reached(path: Path, lab: mailsim.Lab) -> Preferences:
    """The form, on the Lab's servers."""
    tls = ssl.create_default_context(cadata=lab.authority.decode())
    return Preferences(path, tls=tls, addresses=lab.addresses)


def widgets(form: Preferences) -> Iterator[ipywidgets.Widget]:
    """All that the form is made of."""
    waiting = [form.widget]
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        yield widget


def shown(form: Preferences) -> str:
    """All that the form's labels say."""
    return " ".join(widget.value for widget in widgets(form) if isinstance(widget, ipywidgets.HTML))


def button(form: Preferences, name: str) -> ipywidgets.Button:
    """The button of that name."""
    [found] = [one for one in widgets(form) if isinstance(one, ipywidgets.Button) and one.description == name]
    return found


def test_a_site_file_is_shown_and_saved_as_it_was(path: Path) -> None:
    """What the form has no field for too; only the owner may read it."""
    form = Preferences(path)

    assert form.tables == SITE
    assert form.faults == ()
    assert form.save()
    assert mailsim.load_site(path).settings == mailsim.read_site(SITE).settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_faults_are_told_while_one_types(path: Path) -> None:
    """At their field; nothing faulty is saved, and mending takes the words away."""
    form = Preferences(path)
    before = path.read_text()
    form.set("pop.server", "pop.gmail.com")
    form.set("smtp.port", "25")

    assert {fault.key for fault in form.faults} == {"pop.server", "smtp.port"}
    assert "has no ssl:// or tcp:// in front" in shown(form)
    assert button(form, "Save").disabled
    assert not form.save()
    assert path.read_text() == before
    form.set("pop.server", "")
    form.set("smtp.port", "465")
    assert form.faults == ()
    assert "in front" not in shown(form)
    assert not button(form, "Save").disabled


def test_faults_across_fields_and_warnings(path: Path) -> None:
    """The clash of R1.2; allowed, it is a warning."""
    form = Preferences(path)
    form.set("mailbox.fallback_address", "help@abc.com")
    assert "clashes with the catch-all" in shown(form)
    form.set("mailbox.allow_fallback_clash", True)

    assert form.faults == ()
    assert "! warning" in shown(form)


def test_common_settings_are_shown_where_nothing_is_typed(path: Path) -> None:
    """They fill what is not given (R1.9)."""
    form = Preferences(path)
    form.set("pop.common", "fastmail")

    assert "ssl://pop.fastmail.com:995" in [
        child.placeholder for child in form.widget.children if isinstance(child, ipywidgets.Text)
    ]


def test_checks_turn_green_and_red(path: Path, lab: mailsim.Lab) -> None:
    """With the reason beside the colour; what is typed next takes both away."""
    form = reached(path, lab)

    assert form.check(Check.POP).green
    assert form.check(Check.SMTP).green
    assert button(form, "Check POP").button_style == button(form, "Check SMTP").button_style == "success"
    form.set("pop.password", "wrong")
    assert button(form, "Check POP").button_style == ""
    assert form.check(Check.POP).cause is Cause.WRONG_CREDENTIALS
    assert button(form, "Check POP").button_style == "danger"
    assert "wrong-credentials" in shown(form)


def test_a_check_of_faulty_settings_is_red(path: Path, lab: mailsim.Lab) -> None:
    """Without asking anybody."""
    form = reached(path, lab)
    form.set("pop.server", "imap.gmail.com:993")

    verdict = form.check(Check.POP)
    assert not verdict.green
    form.set("pop.server", "")
    form.set("mailbox.fallback_address", "nobody")
    assert form.check(Check.SMTP).cause is Cause.SETTINGS


def test_no_widget_holds_a_password(path: Path, lab: mailsim.Lab) -> None:
    """Notebooks are saved with the state of their widgets (R1.11)."""
    form = reached(path, lab)
    form.set("smtp.password", "n3w-s3cret")
    form.check(Check.SMTP)
    states = str([widget.get_state() for widget in widgets(form)])

    assert "s3cret" not in states
    smtp = form.tables["smtp"]
    assert isinstance(smtp, dict)
    assert smtp["password"] == "n3w-s3cret"


def test_a_new_file(tmp_path: Path) -> None:
    """From nothing; the folder must be there."""
    form = Preferences(tmp_path / "new.toml")
    assert form.faults
    form.set("mailbox.default_sender", "matters@abc.com")
    form.set("mailbox.fallback_address", "help@elsewhere.example")
    assert form.save()
    assert mailsim.load_site(tmp_path / "new.toml").settings.catch_all

    missing = Preferences(tmp_path / "no" / "new.toml")
    missing.set("mailbox.default_sender", "matters@abc.com")
    missing.set("mailbox.fallback_address", "help@elsewhere.example")
    assert not missing.save()
    assert "No such file or directory" in shown(missing)


def test_odd_files_are_told_not_raised(tmp_path: Path) -> None:
    """Values of a wrong type are judged by the rules, and a table that is none too."""
    path = tmp_path / "site.toml"
    path.write_text(
        'pop = 7\n[mailbox]\ntype = "both"\ndefault_sender = "matters@abc.com"\nfallback_address = 1\n'
    )
    form = Preferences(path)

    assert {fault.key for fault in form.faults} >= {"pop", "mailbox.fallback_address"}
