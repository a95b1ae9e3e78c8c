"""SMTP over sockets: a server that asks a policy, a client that submits and relays."""
