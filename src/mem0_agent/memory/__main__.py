"""What the launcher starts: ``python -I -S __main__.py --home <config> <data> <state> serve | hook …``."""

from __future__ import annotations

import gc
import os
import sys

USAGE = "usage: mem0-memory --home <config_dir> <data_dir> <state_dir> serve | hook <client>"


def package_root(path: str) -> str:
    """Answer the folder that holds the package of the file at ``path``: three levels up."""
    for _ in range(3):
        path = path[: max(path.rfind("/"), path.rfind("\\"))]
    return path or "/"


def main(arguments: list[str]) -> int:
    """Do what the word asks for and answer the exit status; 2 for words that are none of ours."""
    words = arguments[4:] if arguments[:1] == ["--home"] else []
    if len(words) == 2 and words[0] == "hook":
        gc.disable()  # what a hook makes fits into memory, and it is gone in a moment
        from mem0_agent.memory import hook, settings

        hook.main(settings.load(*arguments[1:4]), words[1])
        os._exit(0)  # all is written; to take the interpreter apart would only keep the client waiting
    if words == ["serve"]:
        from mem0_agent.memory import server, settings

        status = server.main(settings.load(*arguments[1:4]))
        gc.freeze()  # all of it goes now: nobody need look through it for cycles, while whoever started us waits
        return status
    print(USAGE, file=sys.stderr)  # noqa: T201  people who call this by hand read it
    return 2


if __name__ == "__main__":
    sys.path.insert(0, package_root(__file__))
    raise SystemExit(main(sys.argv[1:]))
