"""For JupyterLab: the Email Preferences as a form. Needs the extra `notebook`."""

from mailsim.notebook.preferences import Preferences

__all__ = ["Preferences"]
