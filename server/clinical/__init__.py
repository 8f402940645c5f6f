"""The rules of the record: consent, draft, signature, amendment. Pure: no storage, no clock, no socket."""
