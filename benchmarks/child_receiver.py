"""A receiver of webhooks in a process of its own: it takes a set time to answer, or never does, and counts.

`/alive/...` answers 204 after the time, `/dead/...` never; `/told` says what arrived. No framework: it is not measured.
"""

import asyncio
import json
import sys
from collections import Counter

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
_seen: Counter[str] = Counter()
_most = _now = 0


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    global _now, _most  # noqa: PLW0603 - one process, one loop, two counters
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode().split("\r\n")
            path = lines[0].split(" ")[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            await reader.readexactly(int(headers.get("content-length", "0")))
            if path == "/told":
                body = json.dumps({"distinct": len(_seen), "requests": _seen.total(), "at_once": _most}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                continue
            if path.startswith("/dead"):
                await asyncio.sleep(3600)
            _now += 1
            _most = max(_most, _now)
            await asyncio.sleep(SECONDS)
            _now -= 1
            _seen[headers["webhook-id"]] += 1
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
