"""One message and one site, both files beside the feature: no world, no network.

`mailsim shrink` writes specifications in these words.
"""

from typing import TYPE_CHECKING

import pytest
from pytest_bdd import given, then, when

from mailsim.practice.decision import Decision
from mailsim.testing.expressions import parse
from mailsim.testing.feature_file import folder

if TYPE_CHECKING:
    from mailsim.practice.site import Site


@given(parse("the site file {string}", "name"), target_fixture="routing_site")
def site_file(request: pytest.FixtureRequest, name: str) -> "Site":
    """A practice that only routes; the file stands beside the feature.

    Given the site file "site.toml"
    """
    from mailsim.practice.site import load_site

    return load_site(folder(request.node) / name)


@when(parse("the message file {string} is routed", "name"), target_fixture="routed")
def message_file(request: pytest.FixtureRequest, routing_site: "Site", name: str) -> Decision:
    """A decision is made on a message, as `mailsim route` makes it.

    When the message file "reply.eml" is routed
    """
    return routing_site.route((folder(request.node) / name).read_bytes(), name=name)


@then(parse("the message goes to {code}", "expected"))
def goes_to(routed: Decision, expected: str) -> None:
    """A target of the decision, written as decisions write it.

    Then the message goes to action:1234
    """
    assert expected in routed.targets, f"expected {expected}, found:\n{routed}"
