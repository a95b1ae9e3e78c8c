"""The practice system: its settings, directory, composing, routing and store."""
