"""What is wrong with a scenario though each of its tables is right: what one says of another, of the site, of files."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path

from mailsim.mail import Address, parse_address
from mailsim.mail.corpus import CorpusError, read_mail
from mailsim.pop3.fault_kinds import Moment
from mailsim.practice.faults import Fault, printable, shown
from mailsim.practice.settings import LOCALHOST
from mailsim.provider.profiles import profile
from mailsim.provider.spf_policy import SpfPolicy
from mailsim.provider.zone_file import ZoneError
from mailsim.provider.zone_table import read_zone_table
from mailsim.world.faults import certificate_moment
from mailsim.world.internet import ELSEWHERE, Internet, Provided, exchangers_of, internet
from mailsim.world.orders import is_inline, message_file, unknown_senders
from mailsim.world.practices import Practice, by_domain, domain_faults, naming_faults, server_faults, working
from mailsim.world.scenario_tables import ScenarioTables


def scenario_faults(
    tables: ScenarioTables, practices: Sequence[Practice], folder: Path, left_out: Collection[str] = ()
) -> list[Fault]:
    """Every such fault, but for those that follow from a table being left out; paths of files are relative to the folder."""
    domains = {"practice", "mailbox"}
    people = {*domains, "correspondent", "list"}
    asked: list[tuple[set[str], Iterable[Fault]]] = [
        (set(), _file_faults(tables, folder)),
        (domains, domain_faults(practices)),
        ({*domains, "provider", "smtp"}, server_faults(practices)),
        ({*domains, "action", "user"}, naming_faults(tables, practices)),
        ({"practice", "action", "user"}, _action_faults(tables, practices)),
        ({*domains, "provider"}, chain.from_iterable(map(_mailbox_faults, practices))),
        (domains, _people_faults(tables, practices)),
        ({*people, "relay"}, _relay_faults(tables, practices)),
        ({*people, "relay", "provider", "zone"}, _relay_name_faults(tables, practices)),
        ({*people, "relay", "provider", "zone"}, _server_faults(tables, practices)),
        (set(), _zone_faults(tables)),
        ({"practice", "provider", "pop"}, chain.from_iterable(map(_certificate_faults, practices))),
        ({*domains, "provider", "fault", "event"}, _removal_faults(tables, practices)),
        (set(), _time_faults(tables)),
        ({*people, "action"}, _workload_faults(tables, practices)),
    ]
    return [fault for needs, faults in asked if needs.isdisjoint(left_out) for fault in faults]


def _file_faults(tables: ScenarioTables, folder: Path) -> Iterator[Fault]:
    """All mail that is brought must be there before anything runs, and lie in the scenario's folder."""
    for index, event in enumerate(tables.event):
        name = event.receive.file if event.receive else None
        if name is not None:
            yield from _place_faults(f"event[{index}].receive.file", name, folder, is_one=Path.is_file)
    for name in tables.workload.corpus if tables.workload else ():
        yield from _place_faults("workload.corpus", name, folder, is_one=_holds_mail)


def _place_faults(key: str, name: str, folder: Path, *, is_one: Callable[[Path], bool]) -> Iterator[Fault]:
    if is_inline(name):
        try:
            message_file(folder, name)
        except ValueError:
            yield Fault(key, shown("", name), "holds no base64", "encode the message, or name a file")
        return
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        yield Fault(key, f'"{name}"', "leaves the scenario's folder", "copy it there")
    elif not is_one(path):
        told = "is no file" if is_one is Path.is_file else "holds no mail"
        yield Fault(key, f'"{name}"', told, f"put it in {folder}")


def _holds_mail(path: Path) -> bool:
    try:
        return bool(read_mail(path).sources)
    except CorpusError:
        return False


def _action_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> list[Fault]:
    """A message can be sent from a known action and by a known user only."""
    known = by_domain(practices)
    return [
        fault
        for index, event in enumerate(tables.event)
        if event.send is not None
        and (practice := known.get(event.practice) if event.practice else practices[0]) is not None
        for fault in unknown_senders(event.send, practice.site, f"event[{index}].send.")
    ]


def _mailbox_faults(practice: Practice) -> list[Fault]:
    """Server mailboxes, the one that catches the rest included, are on the practice's domain (R5.1, R5.2)."""
    site, provider, prefix = practice
    domain, prefix = site.settings.domain, f"{prefix}provider"
    named = [(f"{prefix}.mailboxes[{index}]", address) for index, address in enumerate(provider.mailboxes)]
    named += [(f"{prefix}.forwards", address) for row in provider.forwards.items() for address in row]
    catch_all = parse_address(provider.catch_all or "")
    if catch_all is not None:
        named.append((f"{prefix}.catch_all", catch_all))
    allowed, fix = f"must be on the practice's domain {domain}", f"use an address of {domain}"
    faults = [Fault(key, f'"{address}"', allowed, fix) for key, address in named if address.domain != domain]
    known = profile(provider.profile) if provider.profile else None
    if known and not known.can_catch_all and site.settings.catch_all and provider.catch_all is None:
        told = f"{known.name} cannot have a catch-all mailbox (R1.13)"
        fix = "add catch_all = ... to have one all the same"
        faults.append(Fault(f"{prefix}.profile", f'"{provider.profile}"', told, fix))
    return faults


def _certificate_faults(practice: Practice) -> list[Fault]:
    """The provider's POP3 server shows a certificate when it speaks TLS, from the first octet."""
    site, provider, prefix = practice
    pop = site.settings.pop
    speaks_tls = pop is None or pop.server is None or pop.server.tls
    return [
        Fault(
            f"{prefix}provider.faults[{index}]",
            f'"{text}"',
            "the server shows its certificate at CONNECT"
            if speaks_tls
            else "a tcp:// server shows no certificate",
            "write CONNECT" if speaks_tls else "write ssl:// in [pop], or another fault",
        )
        for index, text in enumerate(provider.faults)
        if (moment := certificate_moment(text)) and not (speaks_tls and moment == Moment.CONNECT)
    ]


def residents(tables: ScenarioTables) -> Iterator[Address]:
    """Everybody outside who does something with mail."""
    return (address for _, address in _named(tables))


def _named(tables: ScenarioTables) -> Iterator[tuple[str, Address]]:
    """The key of each of them, and the address."""
    for index, person in enumerate(tables.correspondent):
        yield f"correspondent[{index}].address", person.address
    for index, row in enumerate(tables.lists):
        yield f"list[{index}].address", row.address


def _people_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """In catch-all mode the whole domain is the practice's: nobody outside has an address there (R1.1)."""
    caught = {one.domain for one in practices if one.site.settings.catch_all}
    known: dict[Address, str] = {}
    for key, address in _named(tables):
        if address.domain in caught:
            told = f"is on the catch-all domain {address.domain}, where all mail is the practice's"
            yield Fault(key, f'"{address}"', told, "use another domain")
        if known.setdefault(address, key) != key:
            yield Fault(key, f'"{address}"', f"is also {known[address]}", "say it once")


def _relay_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """Somebody must be there whose mail leaves through a relay, and through one only."""
    domains = {address.domain for address in residents(tables)} - {one.domain for one in practices}
    known: dict[str, str] = {}
    for index, row in enumerate(tables.relay):
        for number, domain in enumerate(row.domains):
            key = f"relay[{index}].domains[{number}]"
            if domain not in domains:
                told = f"has nobody outside who writes; known are {', '.join(sorted(domains)) or 'none'}"
                yield Fault(key, f'"{domain}"', told, "add [[correspondent]]")
            elif known.setdefault(domain, row.name) != row.name:
                told = f"sends through {known[domain]} already"
                yield Fault(key, f'"{domain}"', told, "name one relay for it")


def _relay_name_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """A relay takes mail for nobody: where people's mail leads to one, it goes round, and the report of that too."""
    taking = {one.exchanger: f"is {one.key}provider.exchanger too" for one in practices}
    taking[ELSEWHERE] = "takes the mail of all domains that nobody has"
    try:
        zone = _around(tables, practices).zone
    except ZoneError:
        return  # told of the zone
    for domain in sorted({address.domain for address in residents(tables)}):
        for host in exchangers_of(zone, domain):
            taking.setdefault(host, f"takes the mail of {domain}, which would come back to it")
    for index, row in enumerate(tables.relay):
        key = f"relay[{index}].name"
        if told := taking.get(row.name):
            yield Fault(key, f'"{row.name}"', told, "use another name")
        taking[row.name] = f"is {key} too"


def _around(tables: ScenarioTables, practices: Sequence[Practice]) -> Internet:
    """The names around the practices; raises ZoneError."""
    return internet(
        tables.zone,
        provided=[Provided(one.domain, one.exchanger, LOCALHOST) for one in practices],
        people={address.domain for address in residents(tables)} - {one.domain for one in practices},
        relays=[row.name for row in tables.relay],
    )


def _server_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """What goes wrong outside goes wrong at a server that is there."""
    if not (tables.fault or any(event.fault_order for event in tables.event)):
        return
    try:
        known = (*_around(tables, practices).servers, *(row.name for row in tables.relay))
    except ZoneError:
        return  # told of the zone
    named = [(f"fault[{index}].server", row.server) for index, row in enumerate(tables.fault)]
    named += [(f"event[{index}].{order}.server", at) for index, order, at, _ in _fault_orders(tables) if at]
    for key, server in named:
        if server not in known:
            told = f"is no server outside; known are {', '.join(known)}"
            yield Fault(key, f'"{server}"', told, "write one of these")


def _fault_orders(tables: ScenarioTables) -> Iterator[tuple[int, str, str, str]]:
    """The events at which something begins or ends to go wrong: which, its key, at which server outside, and what."""
    for index, event in enumerate(tables.event):
        if order := event.fault_order:
            key = "add_fault" if event.add_fault else "remove_fault"
            yield index, key, (order.server or "").lower(), order.fault


def _removal_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> Iterator[Fault]:
    """What ends to go wrong went wrong until then."""
    there = {(one.domain, text) for one in practices for text in one.provider.faults}
    there |= {(row.server, text) for row in tables.fault for text in row.faults}
    for index, key, server, text in _fault_orders(tables):
        one = server or tables.event[index].practice or practices[0].domain, text
        if key == "add_fault":
            there.add(one)
        elif one in there:
            there.remove(one)
        else:
            told = "does not go wrong there at that time"
            fix = "write it as the faults or the add_fault that it ends"
            yield Fault(f"event[{index}].remove_fault.fault", shown("", text), told, fix)


def _zone_faults(tables: ScenarioTables) -> Iterator[Fault]:
    """Every record must be one, and a domain's servers can do only one thing with SPF (R5.5)."""
    for name, records in tables.zone.items():
        try:
            read_zone_table({name: records})
        except ZoneError as error:
            told, _, fix = str(error).removeprefix(f"{name}: ").partition("; ")
            yield Fault(f"zone.{printable(name[:100])}", None, told, fix or "write it as in a zone file")
    first: dict[str, SpfPolicy] = {}
    for index, row in enumerate(tables.correspondent):
        if row.spf and first.setdefault(row.address.domain, row.spf) is not row.spf:
            told = f"differs from another correspondent's at {row.address.domain}, whose servers are the same"
            yield Fault(f"correspondent[{index}].spf", f'"{row.spf}"', told, "say the same of both")


def _time_faults(tables: ScenarioTables) -> list[Fault]:
    """Events are played in order, so none can be before the one above it."""
    times = [(index, event.at) for index, event in enumerate(tables.event) if event.at is not None]
    told = "is before the event above it; times count from the start"
    return [
        Fault(f"event[{index}].at", f"{at:g} seconds", told, "put the events in the order of their times")
        for (_, before), (index, at) in pairwise(times)
        if at < before
    ]


def _workload_faults(tables: ScenarioTables, practices: Sequence[Practice]) -> list[Fault]:
    """Letters go from somebody to somebody."""
    if tables.workload is None:
        return []
    nobody = not (tables.correspondent or tables.workload.people)
    missing = {
        f"[[{'practice.' if one.key else ''}action]]": not one.site.directory.actions
        for one in working(tables, practices)
    } | {"[[correspondent]]": nobody}
    return [
        Fault("workload", None, f"has nobody to take from: there is no {table}", f"add {table}")
        for table, gone in missing.items()
        if gone
    ]
