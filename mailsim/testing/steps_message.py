"""The Gherkin steps for one message and one site, both files beside the feature: no world, no network.

`mailsim shrink` writes specifications in these words.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd import given, parsers, then, when

from mailsim.practice.decision import Decision

if TYPE_CHECKING:
    from mailsim.practice.site import Site


@given(parsers.parse('the site file "{name}"'), target_fixture="routing_site")
def _site(request: pytest.FixtureRequest, name: str) -> "Site":
    from mailsim.practice.site import load_site  # noqa: PLC0415 - needs pydantic, and is wanted here alone

    return load_site(_folder(request) / name)


@when(parsers.parse('the message file "{name}" is routed'), target_fixture="routed")
def _routed(request: pytest.FixtureRequest, routing_site: "Site", name: str) -> Decision:
    return routing_site.route((_folder(request) / name).read_bytes(), name=name)


@then(parsers.parse("the message goes to {expected}"))
def _goes_to(routed: Decision, expected: str) -> None:
    assert expected in routed.targets, f"expected {expected}, found:\n{routed}"


def _folder(request: pytest.FixtureRequest) -> Path:
    """Where the feature stands."""
    scenario = getattr(request.node.function, "__scenario__", None)
    return Path(scenario.feature.filename).parent if scenario else request.path.parent
