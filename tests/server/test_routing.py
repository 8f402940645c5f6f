"""What the routes have in common, on a small app over the real registry and store."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import ValidationError

from colloque.server import routes_consent, routes_note, routes_sessions
from colloque.server.auth import Caller
from colloque.server.routing import Body, audit
from colloque.server.storage.sqlite import SqliteStore
from tests.server.serving import serving


class Example(Body):
    """A body with one field."""

    text: str = ""


def test_a_misspelt_field_is_not_lost() -> None:
    with pytest.raises(ValidationError, match="txt"):
        Example.model_validate({"txt": "x"})


async def test_the_audit_says_who_did_what_and_when(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await audit(served.services, Caller("viewer", "viewer:0123456789ab"), "s-1", "note.export")
        store = served.services.store
        assert isinstance(store, SqliteStore)
        [entry] = await store.audit_trail("s-1")
    assert (entry.session_id, entry.action, entry.actor) == ("s-1", "note.export", "viewer:0123456789ab")
    assert entry.at.endswith("Z")


def test_every_route_of_a_session_asks_who_comes() -> None:
    modules = (routes_sessions, routes_consent, routes_note)
    routes = [r for module in modules for r in module.router.routes if isinstance(r, APIRoute)]
    assert len(routes) == 9
    open_routes = {r.path for r in routes if "access" not in typing.get_type_hints(r.endpoint)}
    assert open_routes == {"/v1/sessions"}  # which asks for an API key itself
