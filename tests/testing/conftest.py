"""The plugin is tested as its users run it: in a pytest run of its own."""

import mailsim.practice.faults
import mailsim.trace.story
import mailsim.world.lab  # noqa: F401 - loaded before pytester takes note of what is loaded, and unloads the rest

pytest_plugins = ["pytester"]
