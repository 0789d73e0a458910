"""A hook that appends its payload to the file named by its first argument, as one line, and says nothing."""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    line = json.dumps(json.load(sys.stdin)) + "\n"
    handle = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, line.encode())
    os.close(handle)


if __name__ == "__main__":
    main()
