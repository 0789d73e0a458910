"""What the launcher starts: ``python -I -S __main__.py --home <config> <data> <state> serve | hook …``."""

from __future__ import annotations

import sys

USAGE = "usage: mem0-memory --home <config_dir> <data_dir> <state_dir> serve | hook <client>"


def package_root(path: str) -> str:
    """Answer the folder that holds the package of the file at ``path``: three levels up."""
    for _ in range(3):
        path = path[: max(path.rfind("/"), path.rfind("\\"))]
    return path or "/"


def main(arguments: list[str]) -> int:
    """Do what the word asks for and answer the exit status; 2 for words that are none of ours."""
    from mem0_agent.memory import settings

    if len(arguments) == 5 and arguments[0] == "--home" and arguments[4] == "serve":
        from mem0_agent.memory import server

        return server.main(settings.load(*arguments[1:4]))
    if len(arguments) == 6 and arguments[0] == "--home" and arguments[4] == "hook":
        from mem0_agent.memory import hook

        return hook.main(settings.load(*arguments[1:4]), arguments[5])
    print(USAGE, file=sys.stderr)  # noqa: T201  people who call this by hand read it
    return 2


if __name__ == "__main__":
    sys.path.insert(0, package_root(__file__))
    raise SystemExit(main(sys.argv[1:]))
