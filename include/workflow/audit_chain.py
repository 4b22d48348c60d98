"""The audit chain: verify that decisions, events, versions and changes of champion are as they were written down.

Who owns the database can alter rows, and make the chain anew so that it fits. That does not alter what was published
outside: each publish step writes the newest hash of a model's chain beside its artifacts, ``<model>/audit.json``, the
anchor. A chain that does not lead through its anchor is not the one that was there.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass

from include.errors import ArtifactError, ConfigurationError
from include.records.entries.chain import BreakKind, ChainAudit, ChainBreak, ChainHead
from include.records.postgres import PostgresStore
from include.records.store import Store
from include.registry.model_files import list_model_files, name_of
from include.retraining.artifacts import Artifacts
from include.retraining.artifacts.small_files import fields_of
from include.workflow.deployment import Deployment, now

ANCHOR_FILE = "audit.json"
LAST_NUMBER = 2**63 - 1  # of an entry

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """What was published of a chain, outside of the database.

    Parameters
    ----------
    records : str
        Whose chain it is, as `Store.identity` says.
    number, hash : int, str
        Of the newest entry when it was published.
    """

    records: str
    model_name: str
    number: int
    hash: str
    published_at: str


def keep_anchor(store: Store, artifacts: Artifacts, model_name: str) -> None:
    """Publish the newest hash of a model's chain, unless the chain has left the one that was published before.

    That one is then the proof of it, and stays; the log and `verify_audit` say so.
    """
    head = store.chain.head(model_name)
    if head is None:
        return
    broken, before = _against_anchor(store, artifacts, model_name)
    if broken is not None:
        log.error("%s: %s; the anchor is kept, `audit verify` tells more", model_name, broken.told)
        return
    if before is None or head.number > before.number:
        anchor = Anchor(
            records=store.identity(), model_name=model_name, number=head.number, hash=head.hash,
            published_at=now().isoformat(),
        )  # fmt: skip
        artifacts.write(model_name, {ANCHOR_FILE: json.dumps(asdict(anchor), indent=2) + "\n"})


def verify_audit(deployment: Deployment, model_name: str = "") -> ChainAudit:
    """Verify the chain of a model, or of all, against the rows, in itself, and against what was published.

    What was written after the newest anchor and then cut off together with the chain cannot be told from what never
    happened; nor is what is not in the chain: signals and measurements, requests, notes of people, places of reports.

    Raises
    ------
    ConfigurationError
        For records in memory.
    """
    store = deployment.store
    if not isinstance(store, PostgresStore):
        raise ConfigurationError("records", "these are in memory: they have no audit chain")
    chains, breaks = store.chain.verify(model_name)
    names = {model_name} if model_name else {chain.model_name for chain in chains} | _registered(deployment)
    held = 0
    found = list(breaks)
    for name in sorted(names):
        broken, anchor = _against_anchor(store, deployment.artifacts, name)
        held += anchor is not None
        found += [] if broken is None else [broken]
    return ChainAudit(
        verified_at=now(), chains=chains, breaks=sorted(found, key=lambda each: each.model_name), anchors=held
    )


def _registered(deployment: Deployment) -> set[str]:
    files = list_model_files(deployment.models_dir) if deployment.models_dir.is_dir() else []
    return {name_of(file) for file in files} | {watched.model_name for watched in deployment.store.watch.watched()}


def _against_anchor(store: Store, artifacts: Artifacts, model_name: str) -> tuple[ChainBreak | None, Anchor | None]:
    """Where the chain has left the anchor, if there is one, and the anchor."""
    path = f"{model_name}/{ANCHOR_FILE}"
    place = artifacts.address(path)
    try:
        if (text := artifacts.read(path)) is None:
            return None, None
        anchor = Anchor(**fields_of(text, place))
        number, known = int(anchor.number), str(anchor.hash)
        if not 0 < number <= LAST_NUMBER:
            raise ValueError(f"no entry has the number {number}")
    except (ArtifactError, ValueError, TypeError, OverflowError) as error:
        told = f"{place} cannot be read ({error}): put back what was there, or move it away: the next run writes it"
        return _broken(model_name, BreakKind.FOREIGN, None, told), None
    if anchor.records != store.identity():
        told = f"{place} is of the records {anchor.records}, these are {store.identity()}: move it away if they went on"
        return _broken(model_name, BreakKind.FOREIGN, None, told), None
    found = store.chain.hash_at(model_name, number)
    if found == known:
        return None, anchor
    head = store.chain.head(model_name)
    return _left(model_name, head, anchor, place, missing=found is None), anchor


def _left(model_name: str, head: ChainHead | None, anchor: Anchor, place: str, *, missing: bool) -> ChainBreak:
    said = f"entry {anchor.number} was published on {anchor.published_at} in {place}"
    way_out = "; if a restore was meant, move that file away and keep it as the proof: the next run publishes anew"
    ends = 0 if head is None else head.number
    if missing:
        told = (
            f"the records are older than what was published: {said}, and the chain ends with entry {ends}: an older "
            f"dump was restored, or what came after was deleted{way_out}"
        )
        return _broken(model_name, BreakKind.OLDER, ends, told)
    told = (
        f"the chain is not the one that was published: {said} with another hash: an older dump was restored and went "
        f"on, or rows and chain were made anew{way_out}"
    )
    return _broken(model_name, BreakKind.REPLACED, anchor.number, told)


def _broken(model_name: str, kind: BreakKind, number: int | None, told: str) -> ChainBreak:
    return ChainBreak(model_name=model_name, kind=kind, number=number, told=told)
