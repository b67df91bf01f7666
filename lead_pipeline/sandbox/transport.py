"""How a connection is broken under a running uvicorn. Nothing here knows why.

uvicorn hands an application the bound `send` of the object that owns the transport (the same in its
h11 and httptools protocols); this is the only way down to the socket, and the only file that takes it.
"""

import asyncio
import socket
import struct

from starlette.types import Receive, Send

_LINGER_ZERO = struct.pack("ii", 1, 0)


async def reset(send: Send, receive: Receive) -> None:
    """Drop the connection so that the peer gets a TCP RST (closing with SO_LINGER 0 sends no FIN)."""
    transport = _transport(send)
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
    await _gone(receive)


async def hang_up(send: Send, receive: Receive) -> None:
    """Close after what has been sent, in the middle of an answer."""
    _transport(send).close()
    await _gone(receive)


def _transport(send: Send) -> asyncio.Transport:
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionResetError("there is no connection to break: serve the sandbox with uvicorn")
    return transport


async def _gone(receive: Receive) -> None:
    """Return once the server knows, else it would try to answer by itself."""
    while (await receive())["type"] != "http.disconnect":
        pass
