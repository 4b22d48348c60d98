"""Calls from outside that write: one made again with its key is answered as before, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from include.records.entries import KeptCall
from include.workflow.deployment import Deployment, now

GIVE_UP = timedelta(minutes=10)  # a process that has not answered by then has died
REMEMBERED = timedelta(days=2)


def begin_call(deployment: Deployment, caller: str, key: str, fingerprint: str) -> KeptCall:
    """Begin a call, unless it was begun before; `KeptCall.mine` says whether it is to be done now.

    Parameters
    ----------
    key : str
        What the caller calls it.
    fingerprint : str
        Hash of what is wanted; another one than before is for the face to refuse.
    """
    at = now()
    deployment.store.calls.forget(before=at - REMEMBERED)
    return deployment.store.calls.begin(caller, key, fingerprint, at=at, give_up=GIVE_UP)


def end_call(deployment: Deployment, call: KeptCall, status: int, answer: Mapping[str, Any]) -> None:
    """Keep what a call was answered."""
    deployment.store.calls.end(call, status, answer, at=now())


def drop_call(deployment: Deployment, call: KeptCall) -> None:
    """Let a call be made again with its key: it was refused, so that nothing was done."""
    deployment.store.calls.drop(call)
