"""The pure part of Colloque: events and the time in, commands out. No socket, clock, thread or event loop."""
