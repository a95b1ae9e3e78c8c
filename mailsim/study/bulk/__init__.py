"""Mail that is too much for one process: routed and compared piece by piece, by Dask, with the answer that one process gives."""
