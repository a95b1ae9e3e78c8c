"""POP3 both ways: a server whose sessions are a pure machine, and a collector that loses nothing.

The server's side, pure: `session` is the machine, of `states`, `authorization` (with `sasl` and `proof`), `transaction`
and `language`; it asks its driver for `effects`. `maildrop` is what one session sees, `conduct` how a server behaves,
`quirks` how real ones do. `wire`: the words of both sides.
What goes wrong on purpose, pure: `fault_kinds`, `faults`, `damage`, and `disturbed`, a layer round a session.
Serving: `server` listens, each client is a `connection`, over TLS by `tls` (a machine without I/O) and `tls_transport`; all
share a `service`. `maildrops` holds mail in memory; `embedded` is a server for any caller, in a loop and thread of its own.
Collecting: `client` is the machine, `line` its connection; `collector` is one session, `sessions` as many as it takes, told
in the words of `collection`; a large message waits in a `spool`.
RFC 1939, 2449, 2595, 3206, 5034, 6856, 8314.
"""
