"""Many worlds at once: a grid of settings, providers and scenarios, played by Dask."""
