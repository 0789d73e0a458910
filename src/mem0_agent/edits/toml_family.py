"""A changed TOML text read by what is said of one name at its root, when the rest is known already.

Every statement of TOML speaks of one name at the root: a pair of the root by its first key, a header and the pairs
under it by the header's. Whether a statement is allowed, and what it adds, depends on the earlier statements of the
same name and on its header, on nothing else. So a document is the sum of what the statements of each name say.
Where those of all other names are the same texts in the same order, they say what they said before, and only
those of the one name have to be read.

That we found the statements of that name, all of them and no other, is not taken for granted: in the text before,
which was read whole, they must say exactly what the document says there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from mem0_agent.edits.text import same
from mem0_agent.edits.toml_scan import sections
from mem0_agent.model import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mem0_agent.model import Json

LARGE: Final = 1 << 16
"""Characters from which on it is worth the trouble; a smaller text is simply read again."""

FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
"""What may not even stand in a comment; comments between the statements are in nobody's share."""


class Shares(NamedTuple):
    """The statements of one name as a text of their own, and each section's worth of the others."""

    own: str
    others: list[str]


def shares(text: str, name: str) -> Shares:
    """Return ``text`` in two. Raises UserError for a statement that the scanner cannot follow."""
    root, *found = sections(text, name)
    spans = [(pair.keys[0], pair.start, pair.after) for pair in root.pairs]
    spans += [(section.keys[0], section.start, section.end) for section in found]
    own = [text[start:end].strip() for first, start, end in spans if first == name]
    return Shares("\n".join(own), [text[start:end].strip() for first, start, end in spans if first != name])


def known(
    before: str, data: dict[str, Json], after: str, name: str, read: Callable[[str], dict[str, Json]]
) -> dict[str, Json] | None:
    """Return what ``after`` holds, given that ``before`` holds ``data``; None where only reading it all can tell.

    ``read`` makes data of a text and raises UserError where it is not TOML.
    """
    if len(after) < LARGE or FORBIDDEN.search(after):
        return None
    try:
        was, now = shares(before, name), shares(after, name)
        if 2 * len(now.own) > len(after) or was.others != now.others:
            return None
        if not same(read(was.own), {key: data[key] for key in data.keys() & {name}}):
            return None
        said = read(now.own)
    except (UserError, ValueError):  # the latter for a name in quotes that is none
        return None
    kept = {key: value for key, value in data.items() if key != name or name in said}
    return {**kept, **said} if said.keys() <= {name} else None
