"""Subcommands of `colloque`: serve, models, doctor."""
