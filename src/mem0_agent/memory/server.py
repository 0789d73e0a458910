"""MCP over stdio: the tools over the configured memory. One thread reads, one calls: a ping never waits."""

from __future__ import annotations

import os
import sys

from mem0_agent.memory import rpc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from mem0_agent.memory.caller import Caller
    from mem0_agent.memory.protocol import Json, Memory, Value
    from mem0_agent.memory.settings import Settings

INSTRUCTIONS = (
    "Memory that outlives this session and is shared by every coding agent of this user, whose user_id is {user!r}. "
    "The app_id of the project that you are in is {project!r}: pass it in every call about this project. "
    "Search it before you start to work; store decisions, conventions, lessons and preferences, with their "
    "metadata type, when you learn them."
)


def main(settings: Settings) -> int:
    """Serve until stdin ends or nobody reads stdout any more; answers 0."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for the client: no traceback of ours
    if settings.problem and sys.stderr:
        sys.stderr.write(f"mem0-memory: {settings.problem}\n")
    server = Server(settings, private_stdout())
    if sys.stdin:
        server.serve(sys.stdin.buffer)
    server.finish()
    return 0


def private_stdout() -> int:
    """Keep stdout for the protocol alone; whatever else prints goes where errors go."""
    output = os.dup(1)
    os.dup2(2 if sys.stderr else os.open(os.devnull, os.O_WRONLY), 1)
    return output


def open_memory(settings: Settings) -> Memory:
    """Open what the settings name. Raises Refused for a backend that cannot be reached as configured."""
    if settings.backend == "local":
        from mem0_agent.memory.local import LocalMemory

        return LocalMemory(settings.database, settings.user_id)
    from mem0_agent.memory import remote

    return remote.open(settings)


class Server:
    """The protocol on one pair of pipes. ``waiting`` holds the ids that are owed an answer."""

    def __init__(self, settings: Settings, output: int) -> None:
        self.settings = settings
        self.output = output
        self.memory: Memory | None = None
        self.waiting: dict[str, bool] = {}
        self.caller: Caller | None = None
        self.gone = False

    def serve(self, stream: BinaryIO) -> None:
        """Answer every line of a stream; calls of tools are answered as they are done."""
        for line in rpc.lines(stream):
            self.receive(line)
            if self.gone:
                return

    def finish(self) -> None:
        """Carry out what was asked before the end."""
        if self.caller:
            self.caller.finish()
        if close := getattr(self.memory, "close", None):
            close()

    def receive(self, line: bytes | None) -> None:
        try:
            message = rpc.parsed(line)
        except rpc.Fault as fault:
            self.send(rpc.failure(None, fault))
            return
        if isinstance(message, list) or slow(message):
            self.enqueue(message)
        else:
            self.send(self.reply(message))

    def enqueue(self, message: Value) -> None:
        """Leave a message to the calling thread, which starts with the first."""
        if self.caller is None:
            from mem0_agent.memory.caller import Caller

            self.caller = Caller(self.carry_out)
        for request in message if isinstance(message, list) else [message]:
            if isinstance(request, dict) and rpc.is_id(request.get("id")):
                self.waiting[rpc.identity(request["id"])] = True
        self.caller.put(message)

    def carry_out(self, message: Value) -> None:
        """Answer a call, or a batch in one line; what breaks is told to the client before it is raised."""
        reply: Value = broken(message)
        try:
            if isinstance(message, list):
                reply = [answer for one in message if (answer := self.owed(one))]
            else:
                reply = self.owed(message)
        finally:
            self.send(reply)
        if self.gone and self.caller and not self.caller.busy():
            os._exit(0)  # the reading thread may wait for ever on a client that reads no more

    def owed(self, message: Value) -> Json | None:
        """Answer a message unless it was cancelled before or meanwhile."""
        request_id = message.get("id") if isinstance(message, dict) else None
        name = rpc.identity(request_id) if rpc.is_id(request_id) else ""
        if not self.waiting.get(name, True):
            del self.waiting[name]
            return None
        reply = self.reply(message)
        return reply if self.waiting.pop(name, True) else None

    def reply(self, message: Value) -> Json | None:
        """Answer one message; None for notifications, and for answers to questions that we never ask."""
        request_id = None
        try:
            request_id, method, params = rpc.request(message)
            if request_id is None:
                self.notice(method, params)
                return None
            modern = rpc.stateless(params) and method != "initialize"
            result = self.result(method, params)
        except rpc.Fault as fault:
            return rpc.failure(request_id, fault)
        return rpc.answer(request_id, rpc.dressed(method, result) if modern else result)

    def notice(self, method: str, params: Json) -> None:
        if method == "notifications/cancelled" and rpc.is_id(params.get("requestId")):
            name = rpc.identity(params["requestId"])
            if name in self.waiting:
                self.waiting[name] = False

    def result(self, method: str, params: Json) -> Json:
        """Answer one request's result. Raises Fault."""
        if method == "initialize":
            return rpc.initialized(params, self.instructions())
        if method == "server/discover":
            return rpc.discovered(self.instructions())
        if method == "ping":
            return {}
        if method == "tools/list":
            from mem0_agent.memory import tools

            return {"tools": tools.listing(local=self.settings.backend == "local")}
        if method == "tools/call":
            return self.call(params)
        raise rpc.Fault(rpc.METHOD_NOT_FOUND, f"Method not found: {method}")

    def call(self, params: Json) -> Json:
        from mem0_agent.memory import calls

        name = params.get("name")
        if not isinstance(name, str) or name not in calls.CALLS:
            raise rpc.Fault(rpc.INVALID_PARAMS, f"Unknown tool: {name}")
        arguments = params.get("arguments")
        return calls.result(self.opened, self.settings.user_id, name, {} if arguments is None else arguments)

    def opened(self) -> Memory:
        if self.memory is None:
            self.memory = open_memory(self.settings)
        return self.memory

    def instructions(self) -> str:
        from mem0_agent.memory import identity

        text = INSTRUCTIONS.format(user=self.settings.user_id, project=identity.project(os.getcwd()))  # noqa: PTH109 - pathlib is slow to import
        return f"{text} Tell the user about this problem: {self.settings.problem}" if self.settings.problem else text

    def send(self, message: Value) -> None:
        """Write a message as one line; None and an empty batch are no answer."""
        data = rpc.encoded(message) if message else b""
        if self.caller:
            with self.caller.writing:
                self.write(data)
        else:
            self.write(data)

    def write(self, data: bytes) -> None:
        try:
            while data and not self.gone:
                data = data[os.write(self.output, data) :]
        except BrokenPipeError:
            self.gone = True


def slow(message: Value) -> bool:
    """Whether a message is a call of a tool, which may take its time."""
    return isinstance(message, dict) and message.get("method") == "tools/call"


def broken(message: Value) -> Value:
    """Answer in advance what a client is told should carrying out its message raise what it must not."""
    requests = message if isinstance(message, list) else [message]
    fault = rpc.Fault(rpc.INTERNAL_ERROR, "Internal error; its traceback is on the server's stderr.")
    ids = [one["id"] for one in requests if isinstance(one, dict) and rpc.is_id(one.get("id"))]
    answers = [rpc.failure(request_id, fault) for request_id in ids]
    return answers if isinstance(message, list) else (answers[0] if answers else None)
