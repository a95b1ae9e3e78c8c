"""Tags of rules are markers, wherever they stand: at a feature, a rule, a scenario or its examples, under `--strict-markers` too."""

import pytest

from mailsim.testing.rules import is_rule

_KNOWN = pytest.StashKey[set[str]]()


def make_known(config: pytest.Config, tag: str) -> None:
    """Register the tag of a rule as a marker when it is first met."""
    known = config.stash.setdefault(_KNOWN, set())
    if is_rule(tag) and tag not in known:
        known.add(tag)
        config.addinivalue_line("markers", f"{tag}: rule {tag} of mailsim's rule book")


class RuleTags:
    """The plugin that does so before pytest-bdd applies a tag; of those of examples it asks nobody (`feature_file.py`)."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_bdd_apply_tag(self, tag: str) -> None:
        """Make the marker known; pytest-bdd then applies it as it does any tag's."""
        make_known(self._config, tag)
