from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.memory.hooks.helpers import repository

from mem0_agent.memory import identity, settings

if TYPE_CHECKING:
    from pathlib import Path

SAME = [
    "git@github.com:Acme/Widgets.git",
    "git@github.com:acme/widgets",
    "github.com:acme/widgets.git",
    "ssh://git@github.com/acme/widgets.git",
    "ssh://git@github.com:22/acme/widgets",
    "ssh://git@ssh.github.com:443/acme/widgets.git",
    "https://github.com/acme/widgets",
    "https://github.com/acme/widgets.git",
    "https://github.com/acme/widgets/",
    "https://GitHub.com/Acme/Widgets.git",
    "https://alice:t0ken@github.com/acme/widgets.git",
    "https://github.com:443/acme/widgets.git",
    "git://github.com/acme/widgets.git",
    "git+ssh://git@github.com/acme/widgets.git",
]


@pytest.mark.parametrize("url", SAME)
def test_all_forms_of_one_address_are_one_project(url: str) -> None:
    assert identity.normal(url) == "github.com/acme/widgets"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@gitlab.example.org:group/sub/group/name.git", "gitlab.example.org/group/sub/group/name"),
        ("ssh://git@git.example.org:2222/team/name.git", "git.example.org/team/name"),
        ("https://git.example.org:8443/team/name.git", "git.example.org/team/name"),
        ("git@ssh.dev.azure.com:v3/org/project/repo", "dev.azure.com/org/project/repo"),
        ("https://org@dev.azure.com/org/project/_git/repo", "dev.azure.com/org/project/repo"),
        ("/srv/git/name.git", ""),
        ("../name.git", ""),
        ("./host:name", ""),
        ("file:///srv/git/name.git", ""),
        ("C:\\repos\\name", ""),
        ("C:/repos/name", ""),
        ("", ""),
        ("https://github.com/", ""),
        ("nonsense", ""),
    ],
)
def test_other_addresses(url: str, name: str) -> None:
    assert identity.normal(url) == name


@pytest.mark.parametrize("url", SAME[:3])
def test_a_folder_deep_in_a_repository_belongs_to_it(tmp_path: Path, url: str) -> None:
    deep = repository(tmp_path / "w", url) / "src" / "deep"
    deep.mkdir(parents=True)

    assert identity.project(str(deep)) == "github.com/acme/widgets"


def test_origin_comes_first_and_another_remote_where_it_is_no_network_address(tmp_path: Path) -> None:
    both = repository(tmp_path / "a", "https://h.example/o/n", "https://h.example/other/n")
    local = repository(tmp_path / "b", "/srv/git/n.git", "https://h.example/other/n")

    assert identity.project(str(both)) == "h.example/o/n"
    assert identity.project(str(local)) == "h.example/other/n"


def test_without_a_remote_it_is_the_roots_name_and_a_hash_of_its_path(tmp_path: Path) -> None:
    one, two = repository(tmp_path / "a" / "widgets"), repository(tmp_path / "b" / "widgets")
    below = one / "src"
    below.mkdir()

    names = {identity.project(str(path)) for path in (one, two)}

    assert identity.project(str(below)) == identity.project(str(one))
    assert len(names) == 2
    assert all(name.startswith("widgets-") and len(name) == len("widgets-") + 8 for name in names)


def test_without_git_it_is_the_folder_itself(tmp_path: Path) -> None:
    folder = tmp_path / "naïve folder"
    folder.mkdir()

    assert identity.project(str(folder)).startswith("naïve folder-")
    assert identity.project("/").startswith("root-")


def test_a_link_to_a_repository_is_that_repository(tmp_path: Path) -> None:
    root = repository(tmp_path / "widgets")
    (tmp_path / "link").symlink_to(root)

    assert identity.project(str(tmp_path / "link")) == identity.project(str(root))


def test_the_work_trees_and_the_submodules_that_git_makes(tmp_path: Path) -> None:
    main = tmp_path / "main"
    git("init", "-q", str(main))
    git("-C", str(main), "commit", "-q", "--allow-empty", "-m", "first")
    git("-C", str(main), "worktree", "add", "-q", str(tmp_path / "tree"))
    before = identity.project(str(tmp_path / "tree"))
    git("-C", str(main), "remote", "add", "origin", "git@h.example:o/n.git")

    assert before == f"main-{before[-8:]}"
    assert identity.project(str(tmp_path / "tree")) == identity.project(str(main)) == "h.example/o/n"


@pytest.mark.parametrize("content", ["gitdir: /nowhere/at/all", "nonsense", "", "gitdir:"])
def test_a_broken_git_file_breaks_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)

    assert identity.project(str(tmp_path)).startswith(tmp_path.name)


def test_the_four_names_of_a_session(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('user_id = "alice"')
    known = settings.load(str(tmp_path), str(tmp_path), str(tmp_path))
    root = repository(tmp_path / "w", "https://h.example/o/n")

    assert identity.scope(known, "codex", str(root), "s1") == {
        "user_id": "alice",
        "app_id": "h.example/o/n",
        "agent_id": "codex",
        "run_id": "s1",
    }
    assert "run_id" not in identity.scope(known, "codex", str(root), "")


def git(*arguments: str) -> None:
    who = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b.example",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b.example",
    }
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    subprocess.run(["git", *arguments], check=True, env={**who, **quiet}, capture_output=True)
