"""The part that touches the world: sockets, storage, the clock, secrets."""
