"""What is wrong with features before they run: in their files, and in the steps that pytest finds for them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mailsim.errors import MailsimError
from mailsim.testing.collected import collected
from mailsim.testing.finding import Finding, relative
from mailsim.testing.outline import FeatureError, Section, read_feature
from mailsim.testing.written import findings, uncovered


class LintError(MailsimError):
    """Features that cannot be found."""


def lint(paths: Sequence[Path], *, complete: bool = False) -> Sequence[Finding]:
    """Every finding in features, in order; `complete` wants a scenario for each rule of mailsim's rule book.

    `paths` are features, folders of them, and Python modules that bind some with steps of their own.

    Raises:
        LintError: A path is not there, or no feature is.
        CollectionError: pytest cannot collect them.
    """
    features: dict[str, Sequence[Section]] = {}
    found = set()
    for file in _features(paths):
        try:
            features[relative(file)] = read_feature(file)
        except FeatureError as error:
            found.add(Finding(relative(file), error.line, "not-read", error.told))
    told = collected(paths)
    found |= told.findings
    found |= set(findings(features, told.known, told.tags))
    if complete:
        found |= set(uncovered(features))
    return sorted(found)


def _features(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise LintError(f"{path}: is not there; name a .feature file or a folder of them")
    found = [
        file
        for path in paths
        for file in (sorted(path.rglob("*.feature")) if path.is_dir() else [path])
        if file.suffix == ".feature"
        and not any(part.startswith(".") for part in file.parts[len(path.parts) :])
    ]
    if not found:
        raise LintError(f"{', '.join(map(str, paths))}: no .feature file; name one, or a folder of them")
    yield from dict.fromkeys(found)
