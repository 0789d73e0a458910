"""What of a plugin that we brought stands in a client's files, and those files without it. Data in, data out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from mem0_agent.clients import CLIENTS, bundles, shop
from mem0_agent.clients.plugins import SHOPPERS
from mem0_agent.edits import document
from mem0_agent.edits.text import MISSING, same, value_at
from mem0_agent.model import Change, Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mem0_agent.clients.shop import Keys, Traces
    from mem0_agent.model import Files, Host, Json, Offer, Receipt, Record


def parsed(path: Path, data: bytes | None) -> dict[str, Json]:
    """The file as data, empty where it cannot be read as such: nothing of ours can be found in it then."""
    return dict(bundles.lenient(path, {path: data}))


def brought(here: Host, client: str, receipt: Receipt | None) -> tuple[Offer, ...]:
    """The plugins that may be in a client by our doing: our own, and the one that the receipt has of another's."""
    if client not in SHOPPERS:
        return ()
    other = receipt.plugins.get(client) if receipt else None
    return (shop.own(here), other) if other else (shop.own(here),)


def present(here: Host, client: str, known: Files, receipt: Receipt | None) -> tuple[Offer, ...]:
    """The plugins that we brought and of which the client keeps anything."""
    return tuple(offer for offer in brought(here, client, receipt) if any(held(here, client, known, (offer,))))


def held(here: Host, client: str, known: Files, offers: Iterable[Offer]) -> Iterator[tuple[Path, Keys]]:
    """The places that hold something of these plugins."""
    for offer in offers:
        for path, keys in SHOPPERS[client].traces(here, known, offer).places:
            if value_at(parsed(path, known.get(path)), keys) is not MISSING:
                yield path, keys


def freed(here: Host, record: Record, now: bytes, offers: tuple[Offer, ...]) -> tuple[bytes, tuple[Edit, ...]]:
    """``now`` less every trace of ``offers``, whoever has touched it since; and the edits that brought other things."""
    if not offers:
        return now, record.edits
    places = [keys for path, keys in held(here, record.client, {record.path: now}, offers) if path == record.path]
    mine = [edit for edit in record.edits if edit.keys in places]
    text = document.revert(record.path, now, mine, force=True).text
    rest = [Edit("drop", keys) for keys in places if value_at(parsed(record.path, text), keys) is not MISSING]
    text, _ = document.perform(record.path, text, rest) if rest else (text, ())
    return text, tuple(edit for edit in record.edits if edit not in mine)


def withdrawals(
    here: Host, client: str, known: Files, receipt: Receipt | None, offers: tuple[Offer, ...]
) -> Iterator[Change]:
    """The changes that take every trace of ``offers`` out of the client's files, and nothing else."""
    found = tuple(held(here, client, known, offers))
    for path in dict.fromkeys(path for path, _ in found):
        now = known.get(path)
        if now is None:
            continue
        drops = tuple(Edit("drop", keys) for place, keys in found if place == path)
        record = receipt.records.get(path) if receipt else None
        after = freed(here, record, now, offers)[0] if record else document.perform(path, now, drops)[0]
        gone = record is not None and record.baseline is None and not without(parsed(path, after), [("version",)])
        lock = CLIENTS[client].lock(here, path)
        yield Change(path, now, None if gone else after, "the plugin goes", client, drops, lock=lock)


def alike(traces: Traces, path: Path, before: bytes, now: bytes | None) -> bool:
    places = [keys for place, keys in traces.places if place == path]
    return same(without(parsed(path, before), places), without(parsed(path, now), places))


def without(data: dict[str, Json], places: Sequence[Keys]) -> Json:
    """``data`` less what stands at ``places``, and less every empty object."""
    less = copy.deepcopy(data)
    for *parents, last in places:
        holder = value_at(less, parents) if parents else less
        if isinstance(holder, dict):
            holder.pop(last, None)
    return pruned(less)


def pruned(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    inner = {key: pruned(member) for key, member in value.items()}
    return {key: member for key, member in inner.items() if member != {}}
