"""Refuses what another site makes a browser send: the cookie that signs a person in comes along with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from include.interfaces.api.access import base_url

HEADER = "X-Requested-With"  # no other site can set it, and no form
OURS = "retraining"
READING = ("GET", "HEAD", "OPTIONS")


def same_site_only(request: Request) -> None:
    """Let through what reads, and what writes from our own page or with a token.

    A browser says where a request comes from: in ``Sec-Fetch-Site``, which it leaves out over plain HTTP, and in
    ``Origin``. Both are looked at before a token exempts a request, because Airflow can be set up to add a token to
    each (``[core] simple_auth_manager_all_admins``).

    Raises
    ------
    HTTPException
        403 for a request from elsewhere, and for one that has neither a token nor the header of our page.
    """
    if request.method in READING:
        return
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "")
    elsewhere = site not in ("same-origin", "none") if site else bool(origin) and not _is_here(origin, request)
    if elsewhere:
        raise HTTPException(403, "this request comes from another site, and is refused")
    token = request.headers.get("authorization", "").lower().startswith("bearer ")
    if not token and request.headers.get(HEADER) != OURS:
        raise HTTPException(403, f"send a token (Authorization: Bearer ...), or {HEADER}: {OURS} from our own page")


def _is_here(origin: str, request: Request) -> bool:
    """Whether the origin is that of this server, as the client or as Airflow's settings name it."""
    try:
        found = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(found) and found in (request.headers.get("host", ""), urlsplit(base_url()).netloc)
