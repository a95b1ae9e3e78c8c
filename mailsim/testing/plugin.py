"""The pytest plugin: fixtures, the Gherkin steps, and the story of the mail beside a failed step.

It loads in every pytest run of an environment that has mailsim installed, so it imports nothing of
mailsim until a scenario asks for a world.
"""
