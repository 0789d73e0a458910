"""Asks one memory file many questions: a job as JSON on stdin, milliseconds as JSON on stdout.

Started by ``searching`` in a process of its own, so that peak memory is that of one file.
"""

from __future__ import annotations

import json
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mem0_agent.memory.local import LocalMemory


def main() -> None:
    job = json.load(sys.stdin)
    sys.path.insert(0, job["source"])
    from mem0_agent.memory.local import LocalMemory

    memory = LocalMemory(job["database"], job["user"])
    memory.search("nothing", {"user_id": job["user"]})  # opens the file
    scoped: list[float] = []
    wide: list[float] = []
    found = 0
    for query, app, wanted in job["questions"]:
        narrow = {"AND": [{"user_id": job["user"]}, {"app_id": app}]}
        found += wanted in search(memory, query, narrow, scoped)
        search(memory, query, {"user_id": job["user"]}, wide)
    add = added(memory, job)
    memory.close()
    print(json.dumps({"scoped": scoped, "wide": wide, "found": found, "add": add}))


def search(memory: LocalMemory, query: str, filters: dict[str, Any], spent: list[float]) -> list[str]:
    started = time.perf_counter()
    answer = memory.search(query, filters, top_k=10)
    spent.append(time.perf_counter() - started)
    return [row["memory"] for row in answer["results"]]


def added(memory: LocalMemory, job: dict[str, Any]) -> list[float]:
    spent: list[float] = []
    for words in job["additions"]:
        started = time.perf_counter()
        memory.add([{"role": "user", "content": words}], {"user_id": job["user"]}, {"type": "decision"}, infer=False)
        spent.append(time.perf_counter() - started)
    return spent


if __name__ == "__main__":
    main()
