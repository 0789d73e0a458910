"""The only door to typer: parse, call, render, exit."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from mem0_agent import __version__, host, package
from mem0_agent.clients import CLIENTS
from mem0_agent.commands.options import PARTS, Job, Options, chosen_clients, project_folder, request_of
from mem0_agent.model import KEY_VARIABLE, Exit, Report, UserError
from mem0_agent.showing.render import Face

if TYPE_CHECKING:
    from collections.abc import Callable

    from mem0_agent.model import Host

app = typer.Typer(
    name="mem0-agent",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="One memory for every coding agent on this machine, registered once and proved.",
)

Command = Literal["install", "doctor", "uninstall"]
KNOWN = list(CLIENTS)
Clients = Annotated[
    list[str] | None,
    typer.Option(
        "--client", "-c", metavar="|".join(KNOWN), help="Which client; again for more.", autocompletion=lambda: KNOWN
    ),
]
Scope = Literal["user", "project"]
AnyScope = Literal["all", "user", "project"]
Mode = Literal["direct", "plugin"]
BackendName = Literal["auto", "platform", "local", "self-hosted"]
Project = Annotated[Path | None, typer.Option(help="The project's folder.", metavar="DIR", show_default="here")]
Timeout = Annotated[float, typer.Option(help="Seconds that a server has to answer.", min=0.1)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go ahead without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show every change and touch nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@app.command("install")
def install_cli(  # the flags are the contract
    client: Clients = None,
    scope: Annotated[Scope, typer.Option(help="For you, or in this project's own files.")] = "user",
    project: Project = None,
    mode: Annotated[Mode, typer.Option(help="The client's own files, or its plugin commands.")] = "direct",
    marketplace: Annotated[
        str, typer.Option(metavar="SOURCE", help="Another's plugin: a folder, owner/repo or git address.")
    ] = "",
    backend: Annotated[BackendName, typer.Option(help="Which memory.")] = "auto",
    url: Annotated[str, typer.Option(help="Where that memory is.")] = "",
    skip: Annotated[
        list[str] | None, typer.Option(metavar="|".join(PARTS), help="What to leave out; again for more.")
    ] = None,
    store_key: Annotated[bool, typer.Option("--store-key", help="Keep the key where each client reads it.")] = False,
    api_key_stdin: Annotated[bool, typer.Option("--api-key-stdin", help="Read the key from standard input.")] = False,
    trust_hooks: Annotated[bool, typer.Option("--trust-hooks", help="Record trust for our hooks in Codex.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Remove other registrations of Mem0.")] = False,
    allow_duplicate: Annotated[bool, typer.Option("--allow-duplicate", help="Install beside them.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Do not call the server.")] = False,
    timeout: Timeout = 10.0,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Connect the coding agents of this machine to one memory, and prove it."""
    from mem0_agent.commands import install

    face = Face(json=as_json, yes=yes)
    words = {
        "client": client or [],
        "scope": scope,
        "project": project,
        "mode": mode,
        "marketplace": marketplace,
        "backend": backend,
        "url": url,
        "skip": skip or [],
        "store_key": store_key,
        "api_key_stdin": api_key_stdin,
        "trust_hooks": trust_hooks,
        "replace": replace,
        "allow_duplicate": allow_duplicate,
    }

    def work() -> Report:
        here = begun(face)
        request = request_of(here, words, face)
        options = Options(verify=not no_verify, timeout=timeout, dry_run=dry_run)
        return install.run(Job(here, request, options, face, package.kit()))

    end(face, "install", work, dry_run=dry_run)


@app.command("doctor")
def doctor_cli(
    client: Clients = None,
    project: Project = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also start the clients and ask them.")] = False,
    timeout: Timeout = 10.0,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong, with the line that mends it. Changes nothing."""
    from mem0_agent.commands import doctor

    face = Face(json=as_json)

    def work() -> Report:
        here = begun(face)
        chosen = chosen_clients(client or []) or tuple(CLIENTS)
        return doctor.run(here, chosen, project_folder(here, project), face, deep=deep, timeout=timeout)

    end(face, "doctor", work)


@app.command("uninstall")
def uninstall_cli(
    client: Clients = None,
    scope: Annotated[AnyScope, typer.Option(help="What to take back.")] = "all",
    project: Project = None,
    purge: Annotated[bool, typer.Option("--purge", help="Remove the memories on this machine too.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put every file back as it was, byte for byte."""
    from mem0_agent.commands import uninstall
    from mem0_agent.planning.uninstall import Request

    face = Face(json=as_json, yes=yes)

    def work() -> Report:
        here = begun(face)
        scopes: tuple[Literal["user", "project"], ...] = ("user", "project") if scope == "all" else (scope,)
        request = Request(
            chosen_clients(client or []) or tuple(CLIENTS), scopes, project_folder(here, project), force=yes
        )
        return uninstall.run(here, request, face, purge=purge, dry_run=dry_run)

    end(face, "uninstall", work, dry_run=dry_run)


@app.command("serve")
def serve_cli() -> None:
    """Serve the configured memory over stdio, as clients start it."""
    from mem0_agent.commands.memory import serve

    raise typer.Exit(serve())


def version_wanted(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.command("hook", hidden=True)
def hook_cli(client: str) -> None:
    """Answer one event of a client, as the hooks in a project's files call it."""
    from mem0_agent.commands.memory import call

    raise typer.Exit(call(client))


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=version_wanted, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(int(Exit.USAGE))


# Every command begins and ends here


def begun(face: Face) -> Host:
    """This machine; and a key that stands in its environment is never shown from now on."""
    here = host.current()
    face.secrets += [key] if (key := here.env.get(KEY_VARIABLE, "").strip()) else []
    return here


def end(face: Face, command: Command, work: Callable[[], Report], *, dry_run: bool = False) -> NoReturn:
    """Run ``work``, say what came of it, and leave with its exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)  # whoever ends us gets what Ctrl-C gets
    try:
        report = work()
    except UserError as error:
        report = failed(command, error, dry_run=dry_run)
    except KeyboardInterrupt:
        stopped = UserError("interrupted", "Interrupted; nothing is half done.", exit_code=Exit.INTERRUPTED)
        report = failed(command, stopped, dry_run=dry_run)
    except Exception:  # noqa: BLE001 - the only catch-all of this wing: a bug of ours, told as one
        report = failed(command, bug(face.clean(traceback.format_exc())), dry_run=dry_run)
    face.report(report)
    raise typer.Exit(int(report.exit_code))


def failed(command: Command, error: UserError, *, dry_run: bool) -> Report:
    return Report(command, error.exit_code, dry_run=dry_run, error=error)


def bug(text: str) -> UserError:
    path = host.bug_log(text)
    where = f"The details are in {path}" if path else text
    return UserError("bug", "This is a bug of mem0-agent, not of yours.", path=path, hint=where, exit_code=Exit.BUG)


def main() -> None:
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except typer.TyperException as error:
        usage(error)
    except typer.Abort:
        sys.exit(int(Exit.INTERRUPTED))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(int(Exit.FAILED))


def usage(error: typer.TyperException) -> NoReturn:
    words = getattr(error, "format_message", lambda: str(error))()
    asked = next((word for word in sys.argv[1:] if word in ("install", "doctor", "uninstall")), "install")
    mistake = UserError("usage", words, hint=f"See mem0-agent {asked} --help", exit_code=Exit.USAGE)
    Face(json="--json" in sys.argv).report(Report(asked, Exit.USAGE, error=mistake))  # type: ignore[arg-type]  # one of the three above
    sys.exit(int(Exit.USAGE))
