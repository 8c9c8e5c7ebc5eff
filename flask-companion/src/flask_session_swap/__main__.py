"""The command ``flask-session-swap``: what is done beside an application."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional, Sequence

from . import layout, stub


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Runs the command. What is wrong is told in a line, with the exit status 2."""
    parser = argparse.ArgumentParser(prog="flask-session-swap", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "stub",
        help="make a Python module with the types of the sessions",
        description="Makes a Python module with the types of the sessions that a layout file describes.",
    )
    command.add_argument("layout", metavar="LAYOUT", help="session-layout.json, which cargo test writes")
    command.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write it, if not to print it")
    command.add_argument(
        "--format",
        choices=stub.FORMATS,
        default="msgpack",
        help="the format of the records, SESSION_SERIALIZATION_FORMAT; pickle in files (%(default)s)",
    )
    given = parser.parse_args(arguments)
    try:
        text = stub.stub(layout.read(given.layout), Path(given.layout).name, given.format)
        if given.output is None:
            print(text, end="")
        else:
            given.output.write_text(text, encoding="utf-8")
    except (layout.LayoutError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
