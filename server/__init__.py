"""The part that touches the world: sockets, storage, the clock, secrets."""

import os

# NumPy's own threads gain nothing on arrays of this size and spin while they wait for more: a sixth of the processor
# time of a session. This must be set before NumPy is imported, and every way to start the server comes by here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
