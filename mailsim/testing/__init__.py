"""For people who test with mailsim: the pytest plugin and its Gherkin steps."""
