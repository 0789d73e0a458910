"""The console script: a client that starts ``serve`` waits for it, so that word loads nothing else."""

from __future__ import annotations

import sys


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        from mem0_agent.commands.serve import serve

        sys.exit(serve())
    from mem0_agent.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
