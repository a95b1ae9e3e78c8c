"""Tags of rules are markers, wherever they stand as tags of a feature, a rule or a scenario, under `--strict-markers` too."""

import pytest

from mailsim.testing.rules import is_rule


class RuleTags:
    """Registers the tag of a rule as a marker when it is first met."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._known: set[str] = set()

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_bdd_apply_tag(self, tag: str) -> None:
        """Make the marker known; pytest-bdd then applies it as it does any tag's."""
        if is_rule(tag) and tag not in self._known:
            self._known.add(tag)
            self._config.addinivalue_line("markers", f"{tag}: rule {tag} of mailsim's rule book")
