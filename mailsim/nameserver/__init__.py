"""A real DNS server on the loopback, which serves a world's zone to other programs."""
