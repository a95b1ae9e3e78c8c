"""POP3 both ways: a server whose sessions are a pure machine, and a collector that loses nothing.

Pure, without I/O: `wire`, `maildrop`, `conduct` and `quirks`, `effects`, `states`, `authorization` with `sasl` and
`proof`, `transaction`, `language`, `session`, `client`; what goes wrong on purpose: `fault_syntax`, `fault_kinds`,
`faults`, `damage`, and `disturbed`, a layer round a session. In memory: `maildrops`.
Drivers: `server` with `connection` and `service`, `collector` (asyncio), `embedded` (a server of its own thread, for
any caller). RFC 1939, 2449, 2595, 3206, 5034, 6856, 8314.
"""
