"""Questions asked of worlds."""
