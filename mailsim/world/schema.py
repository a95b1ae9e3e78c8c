"""JSON Schema of the site and the scenario file, from the very models that read them: editors complete and check.

In a TOML file the first line `#:schema site.schema.json` names it to editors.
"""

from pydantic.json_schema import models_json_schema

from mailsim.practice.settings import Settings
from mailsim.world.scenario_tables import ScenarioTables

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, object]:
    """The schema of a site file."""
    return {"$schema": DIALECT, "title": "A mailsim site", **_without_title(Settings.model_json_schema())}


def scenario_schema() -> dict[str, object]:
    """The schema of a scenario file: its own tables, and a site's tables or the path of a site file."""
    _, definitions = models_json_schema([(Settings, "validation"), (ScenarioTables, "validation")])
    defs = definitions["$defs"]
    site, own = defs.pop("Settings"), defs.pop("ScenarioTables")
    either = [{"required": ["site"]}, {"required": site["required"]}]
    other = defs["PracticeTable"]
    defs["PracticeTable"] = other | {"properties": other["properties"] | site["properties"], "anyOf": either}
    path = {"type": "string", "description": "The path of a site file, instead of its tables."}
    return {
        "$schema": DIALECT,
        "title": "A mailsim scenario",
        "$defs": defs,
        "type": "object",
        "additionalProperties": False,
        "properties": own["properties"] | site["properties"] | {"site": path},
        "anyOf": either,
    }


def _without_title(schema: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in schema.items() if key != "title"}
