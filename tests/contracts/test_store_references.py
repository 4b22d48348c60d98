"""What a version was accepted with comes back as it was, whatever characters the rows hold."""

from __future__ import annotations

from include.records.store import Store
from tests.records.examples import NOW, hostile_reference, make_outcome, open_event


def test_reference_with_hostile_names_and_categories_comes_back_whole(store: Store) -> None:
    reference, event = hostile_reference(), open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(reference=reference), at=NOW)
    assert store.reference("housing", 1) == reference
