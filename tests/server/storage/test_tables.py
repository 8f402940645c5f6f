"""The schema is a contract with the files that are out there."""

from __future__ import annotations

import hashlib

from colloque.server.storage import tables

SCHEMAS = {1: "a57ad6d3702c6629c4cbaff2fc3ae492843606939a87e211d431ee9009f3f48e"}
"""Version → SHA-256 of its columns."""


def test_a_changed_table_is_a_new_version() -> None:
    columns = [
        f"{table.name}.{column.name} {column.type} null={column.nullable} key={column.primary_key}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
    ]
    digest = hashlib.sha256("\n".join(columns).encode()).hexdigest()
    assert SCHEMAS[tables.SCHEMA_VERSION] == digest, (
        "the tables have changed: raise SCHEMA_VERSION, write the migration, and add the new version here"
    )


def test_everything_of_a_session_goes_with_it_but_the_audit() -> None:
    own = [t.name for t in tables.metadata.sorted_tables if "session_id" in t.c]
    bound = [
        t.name
        for t in tables.metadata.sorted_tables
        if any(key.column.table is tables.sessions and key.ondelete == "CASCADE" for key in t.foreign_keys)
    ]
    assert set(own) - set(bound) == {"audit"}
