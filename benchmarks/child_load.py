"""The load: keep-alive connections that each send their next request when the last was answered. As cheap as it gets.

Raw sockets and epoll; requests are built and signed before the clock starts; of an answer only the status and the
length are read. Prints one JSON object.
"""

import hashlib
import hmac
import json
import select
import socket
import sys
import time
from array import array
from urllib.parse import urlsplit

BODY_BYTES = 1024
CONNECTIONS = 32


def webhook_requests(host: str, secret: str, first: int, count: int) -> list[bytes]:
    """Signed DataShopper webhooks of BODY_BYTES, one lead each, with event ids of their own."""
    now, requests = str(time.time_ns() // 1_000_000), []
    for number in range(first, first + count):
        lead = {
            "first_name": "Ada", "last_name": f"Load {number}", "email": f"ada{number}@load-{number % 997}.example",
            "company": f"Load {number % 997}", "title": "Head of Operations", "country": "US",
        }  # fmt: skip
        event = {"event_id": f"load-{number}", "event_type": "leads.single", "lead": lead, "note": ""}
        event["note"] = "x" * (BODY_BYTES - len(json.dumps(event)))
        body = json.dumps(event).encode()
        signature = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
        head = (
            f"POST /api/webhooks/datashopper HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"User-Agent: load\r\nx-datashopper-signature: {signature}\r\nx-datashopper-timestamp: {now}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def run_load(address: tuple[str, int], requests: list[bytes], connections: int) -> tuple[float, array, dict[str, int]]:
    """Send all requests. Returns the seconds, every request's seconds, and how many answers had each status."""
    poll, open_sockets, sent_at = select.epoll(), {}, {}
    waiting = iter(requests)
    latencies, statuses = array("d"), {}
    for _ in range(connections):
        one = socket.create_connection(address)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_sockets[one.fileno()] = one
        poll.register(one.fileno(), select.EPOLLIN)
    clock, left = time.perf_counter, len(requests)
    begin = clock()
    for number, one in open_sockets.items():
        request = next(waiting, None)
        if request is not None:
            sent_at[number] = clock()
            one.send(request)
    while left:
        for number, _ in poll.poll():
            one = open_sockets[number]
            answer = one.recv(65536)
            head = answer.find(b"\r\n\r\n")
            start = answer.find(b"content-length: ") + 16
            length = int(answer[start : answer.find(b"\r", start)])
            while len(answer) < head + 4 + length:
                answer += one.recv(65536)
            now = clock()
            latencies.append(now - sent_at[number])
            status = answer[9:12]
            statuses[status] = statuses.get(status, 0) + 1
            left -= 1
            request = next(waiting, None)
            if request is not None:
                sent_at[number] = clock()
                one.send(request)
    seconds = clock() - begin
    for one in open_sockets.values():
        one.close()
    return seconds, latencies, {status.decode(): count for status, count in statuses.items()}


def main() -> None:
    url, kind, secret, first, count = sys.argv[1:]
    place = urlsplit(url)
    assert place.hostname and place.port
    if kind == "empty":
        requests = [f"GET /empty HTTP/1.1\r\nHost: {place.netloc}\r\nUser-Agent: load\r\n\r\n".encode()] * int(count)
    else:
        requests = webhook_requests(place.netloc, secret, int(first), int(count))
    begun = time.process_time()
    seconds, latencies, statuses = run_load((place.hostname, place.port), requests, CONNECTIONS)
    ordered = sorted(latencies)
    print(
        json.dumps(
            {
                "per_second": len(ordered) / seconds,
                "p50_ms": 1000 * ordered[len(ordered) // 2],
                "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)],
                "statuses": statuses,
                "load_us": 1e6 * (time.process_time() - begun) / len(ordered),
            }
        )
    )


if __name__ == "__main__":
    main()
