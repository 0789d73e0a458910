"""The console script. What starts ``serve`` or ``hook`` waits for it, so those words load nothing else."""

from __future__ import annotations

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
            from mem0_agent.cli import main as command_line

            command_line()


if __name__ == "__main__":
    main()
