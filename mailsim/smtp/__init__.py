"""SMTP both ways, over sockets and in memory: servers that ask a backend, clients that submit and relay.

Deciding, pure: a `backend` is four verbs; `authentication` is AUTH's dialogues, `transmission` what goes over the wire,
`outcome` what a client learns. What goes wrong on purpose, pure: `fault_kinds`, `faults`, `address_faults`, and `strike`,
which a driver asks at each moment.
Serving: `server` listens, each client is a `connection` of aiosmtpd's, whose strings `hooks` turn into the backend's words,
which takes messages by `content` and answers by `line`; all share a `service`. `embedded` is a server for any caller, with a
backend that keeps what it takes (`taking`).
Sending: `client` drives aiosmtplib, `submission` is a practice's way to its server.
`memory` is client and server joined by calls.
RFC 1870, 2034, 2920, 3207, 3463, 4954, 5321, 6152, 6531.
"""
