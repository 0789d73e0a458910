"""What the processes of test_local do; started as a program with a role and its arguments."""

from __future__ import annotations

import sys

from mem0_agent.memory.local import LocalMemory


def write(path: str, name: str, count: int) -> None:
    memory = LocalMemory(path, name)
    for number in range(count):
        memory.add([{"role": "user", "content": f"{name} wrote number{number}"}], {"user_id": name})
        print(number, flush=True)


def first(path: str, name: str) -> None:
    memory = LocalMemory(path, name)
    print("ready", flush=True)
    sys.stdin.readline()
    memory.add([{"role": "user", "content": f"{name} was here"}], {"user_id": "all"})


if __name__ == "__main__":
    role, path, name, *rest = sys.argv[1:]
    if role == "write":
        write(path, name, int(rest[0]))
    else:
        first(path, name)
