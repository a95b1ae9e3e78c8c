"""The Gherkin steps, a module for each subject: one promise about mail each, spoken to the `World` alone.

Laws: a step is a plain function, a few lines, without waiting. Givens write to the blueprint; the first
step that names `world` starts it. Thens say what they expected and what they found. The docstring of a step
says what it is for in one line, and shows it as it is written in the next.
"""

from typing import Final

SUBJECTS: Final = (
    "practice",
    "provider",
    "faults",
    "people",
    "mail",
    "practices",
    "message",
    "decisions",
    "outcomes",
    "letters",
    "drafts",
    "settings",
    "checks",
    "dns",
    "program",
)
"""The modules, in the order in which they are told."""
