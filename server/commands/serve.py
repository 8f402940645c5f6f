"""`colloque serve`: the server, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from colloque.server.config import ConfigError, load
from colloque.streaming.errors import ColloqueError


def add_serve_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; its `run` takes the parsed arguments and gives the exit status."""
    parser = subparsers.add_parser("serve", help="start the server", description=__doc__)
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1: this machine only)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8765; 0 takes any free one)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (TOML)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves until SIGTERM or Ctrl+C."""
    # the web stack takes a while to load, and the other commands do not need it
    from colloque.server import auth, serving
    from colloque.server.telemetry import set_up_logs

    set_up_logs()
    try:
        config = load(arguments.config, os.environ, {"host": arguments.host, "port": arguments.port})
        keys, made_key = auth.keys_for(config)
        with asyncio.Runner(loop_factory=serving.new_event_loop) as runner:
            return runner.run(serving.serve(config, keys, made_key))
    except (ConfigError, ColloqueError, OSError) as error:
        print(f"colloque: {error}", file=sys.stderr)
        return 1
