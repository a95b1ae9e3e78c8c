"""A scenario as a file to keep: TOML, with a comment above it, and without the secrets of its site (R1.11)."""

from collections.abc import Mapping, Sequence

from mailsim.study.diagnosis.site_tables import toml


def scenario_text(tables: Mapping[str, object], comment: Sequence[str] = ()) -> str:
    """The file's text; each line of the comment begins with `#`."""
    return "".join(f"# {line}\n" for line in comment) + toml(without_secrets(tables))


def without_secrets(tables: Mapping[str, object]) -> dict[str, object]:
    """The tables with "any" for each password: any will do in a world."""
    return {
        name: _bare(content) if isinstance(content, Mapping) else content for name, content in tables.items()
    }


def _bare(table: Mapping[str, object]) -> Mapping[str, object]:
    plain = {key: value for key, value in table.items() if key not in {"password", "password_env"}}
    return plain | {"password": "any"} if len(plain) < len(table) else plain
