"""The only door to the terminal: plans as diffs, results as calm lines, findings as a table, or one JSON envelope."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from mem0_agent.clients import CLIENTS
from mem0_agent.memory.redact import plain
from mem0_agent.model import Exit, UserError
from mem0_agent.showing.diffs import shown
from mem0_agent.showing.envelope import envelope
from mem0_agent.showing.words import done, gathered, laid_out, tally, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mem0_agent.model import Change, ClientResult, Finding, Json, Outcome, Plan, Report

MARKS = {"ok": ("✓", "green"), "info": ("·", "cyan"), "warning": ("!", "yellow"), "error": ("✗", "red")}
PLAIN = {"✓": "ok", "·": "--", "!": "!!", "✗": "no"}
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def home() -> str:
    """The home folder as its user names it; empty where no variable tells."""
    return os.environ.get("HOME") or os.environ.get("USERPROFILE") or ""


class Face:
    """One command's way to speak. ``json`` leaves nothing on stdout but the envelope at the end.

    ``secrets`` are texts that must never be shown, whatever they stand in.
    """

    def __init__(self, *, json: bool = False, yes: bool = False, secrets: Sequence[str] = ()) -> None:
        self.json, self.yes = json, yes
        self.secrets = [secret for secret in secrets if secret]
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # what the terminal cannot show must not end the command
                stream.reconfigure(errors="backslashreplace")
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    # Words

    def say(self, text: str = "", *, style: str = "") -> None:
        if not self.json:
            self.out.print(Text(self.clean(text), style=style))

    def short(self, text: str) -> str:
        """``text`` with the home folder as ``~``."""
        return text.replace(home() + os.sep, "~" + os.sep) if len(home()) > 1 else text

    def clean(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "•••")
        return text

    def cleaned(self, value: Json) -> Json:
        """``value`` with every text in it cleaned; names of members are ours and stay."""
        if isinstance(value, dict):
            return {name: self.cleaned(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.cleaned(member) for member in value]
        return self.clean(value) if isinstance(value, str) else value

    @property
    def unicode(self) -> bool:
        return (self.out.encoding or "").lower().startswith("utf")

    @property
    def width(self) -> int:
        """The columns of a terminal; 0 elsewhere, where nothing is folded."""
        return self.out.width if self.out.is_terminal else 0

    def mark(self, severity: str) -> Text:
        sign, style = MARKS[severity]
        return Text(sign if self.unicode else PLAIN[sign], style=style)

    def line(self, severity: str, text: str, *, style: str = "") -> None:
        if not self.json:
            self.out.print(Text.assemble(self.mark(severity), " ", (self.clean(text), style)))

    # Asking

    @property
    def interactive(self) -> bool:
        return not self.json and sys.stdin.isatty() and sys.stdout.isatty()

    def confirm(self, question: str) -> bool:
        """The user's yes. Without a terminal nobody is asked: UserError says which flag answers."""
        if self.yes:
            return True
        if not self.interactive:
            raise UserError(
                "usage.confirmation", "This needs a yes, and there is no terminal to ask on",
                hint="Add --yes to go ahead, or --dry-run to see the plan.", exit_code=Exit.USAGE,
            )  # fmt: skip
        try:
            answer = self.out.input(Text(f"{question} [Y/n] ", style="bold"))
        except EOFError:  # the end of the input is no yes
            self.say()
            return False
        except KeyboardInterrupt:
            self.say()  # what is said next begins on a line of its own
            raise
        return answer.strip().lower() in ("", "y", "yes")

    # A plan

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        """The exact diff of every file that others own; files that are ours whole by their folder, unless ``full``."""
        whole = [c for c in plan.changes if not c.edits and None in (c.before, c.after) and not full]
        for change in plan.changes:
            if change not in whole:
                self.diff(change)
        for name in dict.fromkeys(change.client for change in whole):
            self.say(f"{CLIENTS[name].TITLE if name else 'mem0-agent itself'}: files of ours", style="bold")
            for place, what in gathered([change for change in whole if change.client == name], home()):
                self.say(f"  {self.short(place)}  ({what})")
            self.say()
        for part in (part for part in plan.clients if part.commands):
            self.say(f"{CLIENTS[part.client].TITLE}: by its own commands", style="bold")
            for line in part.commands:
                self.say(f"  {line}")
            self.say()

    def going(self, places: Sequence[Path]) -> None:
        """What of our own is removed whole."""
        if places:
            self.say("mem0-agent itself: removed", style="bold")
            for place in places:
                self.say(f"  {self.short(str(place))}")
            self.say()

    def diff(self, change: Change) -> None:
        title = f"{CLIENTS[change.client].TITLE}: {change.reason}" if change.client else change.reason
        self.say(title, style="bold")
        for number, line in enumerate(shown(change)):
            self.exactly(line, style="bold" if number < 2 else DIFF_STYLES.get(line[:1], ""))
        self.say()

    def exactly(self, text: str, *, style: str) -> None:
        """A line of a file: every byte of it for a program that reads us, harmless and in colour for people."""
        if self.out.is_terminal:
            self.say(plain(text), style=style)
        elif not self.json:
            self.out.file.write(self.clean(text) + "\n")

    # While it works

    @contextmanager
    def probing(self, names: Sequence[str]) -> Iterator[Progress]:
        """A live line a client on a terminal, plain lines elsewhere; both on standard error."""
        progress = Progress(self, names)
        if self.json or not names or not self.err.is_terminal or os.environ.get("CI"):
            yield progress
            return
        from rich.live import Live

        with Live(progress, console=self.err, transient=True, refresh_per_second=12):
            progress.live = True
            yield progress

    # At the end

    def report(self, report: Report) -> None:
        if self.json:
            self.out.file.write(json.dumps(self.cleaned(envelope(report)), ensure_ascii=not self.unicode) + "\n")
            return
        if report.command == "doctor" and not report.error:
            self.findings(report.findings)
        for result in report.clients if report.command != "doctor" else ():
            if report.command == "install" or result.changes or result.plan.presence.detected:
                self.client(result)
        for sentence in report.leaves:
            first, *more = told(sentence, self.width)
            self.line("info", first)
            for row in more:
                self.say(f"  {row}")
        if report.error:
            self.error(report.error)

    def client(self, result: ClientResult) -> None:
        client = CLIENTS[result.plan.client]
        version = f" {result.plan.presence.version}" if result.plan.presence.version else ""
        blocked, found = result.plan.blocked, result.verification
        if blocked:
            where = f" ({blocked.path})" if blocked.path else ""
            self.line(blocked.severity, f"{client.TITLE}{version}: {blocked.title}{where}. {blocked.fix}")
        elif found:
            severity = {"ok": "ok", "failed": "error", "skipped": "warning"}[found.status]
            self.line(severity, f"{client.TITLE}{version}: {found.detail}")
        else:
            self.line("ok", f"{client.TITLE}{version}: {self.short(done(result.changes))}")
        for note in (*result.plan.notes, *result.notes):
            style = "yellow" if note.startswith("Warning: ") else "dim"
            for row in told(note, self.width, indent=4):
                self.say(f"    {row}", style=style)

    def error(self, error: UserError) -> None:
        """What happened, where, and what to do next, on standard error."""
        where = f"{error.place}: " if error.place else ""
        self.err.print(Text("error: ", style="bold red") + Text(self.clean(where + error.message)))
        if error.hint:
            self.err.print(Text(self.clean(error.hint)))

    def findings(self, findings: Sequence[Finding]) -> None:
        """Folded to a terminal's width, in full elsewhere; every fix on a line of its own, to be copied whole."""
        for line in laid_out(findings, self.width, self.short if self.out.is_terminal else str):
            if line.mark:
                self.line(line.mark, line.text, style=line.style)
            else:
                self.say(line.text, style=line.style)
        self.say()
        self.say(tally(findings), style="bold")


class Progress:
    """What is known of each probe while they run."""

    def __init__(self, face: Face, names: Sequence[str]) -> None:
        self.face, self.live = face, False
        self.states: dict[str, Outcome | None] = dict.fromkeys(names)

    def done(self, name: str, outcome: Outcome) -> None:
        self.states[name] = outcome
        if not self.live and not self.face.json:
            words = f"list_entities {'answered' if outcome.ok else 'failed'} in {outcome.elapsed_ms} ms"
            self.face.err.print(escape(f"{CLIENTS[name].TITLE}: {words}"))

    def __rich__(self) -> Text:
        lines = []
        for name, outcome in self.states.items():
            state = "asking for list_entities …" if outcome is None else f"answered in {outcome.elapsed_ms} ms"
            lines.append(f"{CLIENTS[name].TITLE}: {state if outcome is None or outcome.ok else outcome.detail}")
        return Text("\n".join(lines))
