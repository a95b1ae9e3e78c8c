"""Mutants: bugs planted in a copy of the package, from `mutants.toml`."""

import shutil
import tomllib
from pathlib import Path
from typing import NamedTuple

import mailsim

HERE = Path(__file__).parent
PACKAGE = Path(mailsim.__file__).parent


class Mutant(NamedTuple):
    """One bug."""

    name: str
    file: str
    """In the package."""
    old: str
    new: str
    site: str = "usual"

    @property
    def site_path(self) -> Path:
        """The site that is explored."""
        return HERE / "sites" / f"{self.site}.toml"

    def source(self) -> str:
        """The file with the bug; raises ValueError where the place for it is not there once."""
        text = (PACKAGE / self.file).read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)

    def plant(self, folder: Path) -> Path:
        """Put a copy of the package with the bug into a folder; the path to import it from.

        It stands as if it were installed: of what is not, Hypothesis reads the whole source before its first example.
        """
        packages = folder / "site-packages"
        shutil.copytree(PACKAGE, packages / "mailsim", ignore=shutil.ignore_patterns("__pycache__"))
        (packages / "mailsim" / self.file).write_text(self.source(), "utf-8")
        return packages


def mutants() -> list[Mutant]:
    """All that are kept."""
    return [Mutant(**row) for row in tomllib.loads((HERE / "mutants.toml").read_text("utf-8"))["mutant"]]
