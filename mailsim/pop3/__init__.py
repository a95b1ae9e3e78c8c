"""POP3 both ways: a server whose sessions are a pure machine, and a collector that loses nothing.

Pure, without I/O: `wire`, `maildrop`, `effects`, `session`, `maildrops`, `client`.
Drivers: `server` and `collector` (asyncio), `embedded` (a server of its own thread, for any caller).
RFC 1939, 2449, 3206, 8314.
"""
