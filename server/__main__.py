"""The command line: `colloque serve | stream | models | doctor`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import cast


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit status."""
    # imported here, so that looking at this module costs nothing
    from colloque.clients.cli import add_stream_parser
    from colloque.server.commands import doctor, models, serve

    parser = argparse.ArgumentParser(
        prog="colloque",
        description="Listens to a medical consultation, with consent, and writes a draft note while it goes on.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve.add_serve_parser(subparsers)
    add_stream_parser(subparsers)
    models.add_models_parser(subparsers)
    doctor.add_doctor_parser(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return cast(int, arguments.run(arguments))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
