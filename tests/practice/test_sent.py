"""What was sent from an action is known from the site file and from the store, at every moment."""

import pytest

from mailsim.practice.sent import Sent
from mailsim.practice.store import Store


def test_the_store_is_asked_each_time_and_goes_before_the_file() -> None:
    """What is sent meanwhile is known at once."""
    with Store() as store:
        sent = Sent({"<1@abc.com>": 1, "<2@abc.com>": 2}, store)
        before = dict(sent)
        store.add_sent({"<3@abc.com>": 3, "<2@abc.com>": 22})

        assert before == {"<1@abc.com>": 1, "<2@abc.com>": 2}
        assert dict(sent) == {"<1@abc.com>": 1, "<2@abc.com>": 22, "<3@abc.com>": 3}
        assert len(sent) == 3
        assert sent.get("<4@abc.com>") is None
        assert "<4@abc.com>" not in sent
        with pytest.raises(KeyError):
            sent["<4@abc.com>"]
