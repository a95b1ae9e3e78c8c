"""What is told of tables that are none."""

import pytest
from pydantic import ValidationError

from mailsim.practice.settings import Settings
from mailsim.practice.validation import faults_of


def test_a_file_s_tables_must_be_tables() -> None:
    """Whatever stands in place of all of them."""
    with pytest.raises(ValidationError) as error:
        Settings.model_validate([])

    [fault] = faults_of(error.value, Settings)
    assert (fault.allowed, fault.fix) == ("must be a table", "write it as key = ...")
