"""The console script. What starts ``serve`` or ``hook`` waits for it, so those words load nothing else."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    match sys.argv[1:]:
        case ["serve"]:
            from mem0_agent.commands.memory import serve

            sys.exit(serve())
        case ["hook", client]:
            from mem0_agent.commands.memory import call

            sys.exit(call(client))
        case ["--version"]:
            from mem0_agent import __version__

            sys.stdout.write(__version__ + "\n")
        case _:
            unswept()


def unswept() -> None:
    """A command, without the search for cycles: it is over before garbage matters.

    What a large file holds would be walked again and again, and twice more at the end, when all of it goes anyway.
    """
    gc.disable()
    from mem0_agent.cli import main as command_line

    try:
        command_line()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
