"""The one base class of every error that mailsim raises for its users to catch."""


class MailsimError(Exception):
    """Something a user can mend; its text is one line: the value, what is allowed, what to do."""
