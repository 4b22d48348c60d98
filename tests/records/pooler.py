"""A pooler of transactions: few sessions of the server for all clients, lent in turn, for a transaction at a time."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from queue import Queue

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_TLS, _GSS, _TERMINATE, _IDLE = 80877103, 80877104, b"X", b"I"
_SAYS = {
    "server_version": "18.0", "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "TimeZone": "UTC",
    "standard_conforming_strings": "on", "integer_datetimes": "on", "server_encoding": "UTF8",
}  # fmt: skip


@contextmanager
def pooled(uri: str, *, sessions: int = 1, left: str = "") -> Iterator[str]:
    """The address of a pooler before that database.

    Parameters
    ----------
    left : str
        What some other client has done in each session before.
    """
    pool, door = Queue[socket.socket](), socket.create_server(("127.0.0.1", 0))
    with ExitStack() as opened:
        opened.callback(door.close)
        for _ in range(sessions):
            server = psycopg.connect(uri, autocommit=True, sslmode="disable", gssencmode="disable")
            opened.enter_context(server).execute(left.encode())
            up = opened.enter_context(socket.socket(fileno=os.dup(server.pgconn.socket)))
            up.setblocking(True)
            pool.put(up)
        threading.Thread(target=_open_to_all, args=(door, pool), daemon=True).start()
        yield make_conninfo(**conninfo_to_dict(uri) | {"host": "127.0.0.1", "port": door.getsockname()[1]})


def _open_to_all(door: socket.socket, pool: Queue[socket.socket]) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=(door.accept()[0], pool), daemon=True).start()


def _serve(client: socket.socket, pool: Queue[socket.socket]) -> None:
    with suppress(EOFError, OSError), client:
        _greet(client)
        while (message := _message(client))[:1] != _TERMINATE:
            up = pool.get()
            try:
                up.sendall(message)
                _until_idle(client, up)
            finally:
                pool.put(up)


def _greet(client: socket.socket) -> None:
    code = 0
    while code in (0, _TLS, _GSS):
        code = struct.unpack("!I", _exactly(client, struct.unpack("!I", _exactly(client, 4))[0] - 4)[:4])[0]
        if code in (_TLS, _GSS):
            client.sendall(b"N")
    said = b"R" + struct.pack("!II", 8, 0)
    for name, value in _SAYS.items():
        text = f"{name}\0{value}\0".encode()
        said += b"S" + struct.pack("!I", 4 + len(text)) + text
    client.sendall(said + b"K" + struct.pack("!III", 12, 1, 1) + b"Z" + struct.pack("!I", 5) + _IDLE)


def _until_idle(client: socket.socket, up: socket.socket) -> None:
    idle = False
    while not idle:
        ready, _, _ = select.select([client, up], [], [])
        if up in ready:
            answer = _message(up)
            client.sendall(answer)
            idle = answer[:1] == b"Z" and answer[5:6] == _IDLE
        else:
            up.sendall(_message(client))


def _message(end: socket.socket) -> bytes:
    head = _exactly(end, 5)
    return head + _exactly(end, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(end: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = end.recv(count - len(got))
        if not more:
            raise EOFError
        got += more
    return got
