"""What can go wrong with the store."""

from __future__ import annotations

from colloque.streaming.errors import ColloqueError


class StorageFailed(ColloqueError):
    """The data could not be written or read."""

    code = "storage"
    status = 500
