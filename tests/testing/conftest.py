"""The plugin is tested as its users run it: in a pytest run of its own."""

pytest_plugins = ["pytester"]
