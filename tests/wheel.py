"""Run inside the environment that a wheel was installed into: all that it has to hand out is there and readable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mem0_agent import package
from mem0_agent.planning import runtime

ROOT = Path(__file__).parent.parent


def main() -> int:
    assert not package.ROOT.is_relative_to(ROOT / "src"), "the package is not the installed one"
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert templates
    for path in templates:
        name = path.relative_to(ROOT / "templates").as_posix()
        assert package.template_path(name).is_relative_to(package.ROOT), name
        assert package.template(name) == path.read_bytes(), name
    wing = package.wing()
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/mem0_agent/memory").rglob("*.py")}
    assert wing.keys() == {*sources, "mem0_agent/__init__.py"}
    assert runtime.ENTRY in wing
    assert (package.ROOT / "py.typed").is_file()
    for word in ("--help", "--version"):
        script = Path(sys.executable).parent / "mem0-agent"
        done = subprocess.run([script, word], capture_output=True, text=True, check=True)
        assert done.stdout, word
    print(f"{len(templates)} templates and {len(wing)} files of the memory wing are in the wheel")
    return 0


if __name__ == "__main__":
    sys.exit(main())
