"""The process that is measured: the intake service with one more route, which answers without doing anything.

Prints its address, serves until its standard input ends, then prints the processor seconds that it used.
"""

import json
import os
import sys
import threading

from lead_pipeline.http_server import listen, url_of
from lead_pipeline.service.app import build_app
from lead_pipeline.service.context import open_intake
from lead_pipeline.service.logs import configure_logs
from lead_pipeline.service.server import NAME, build_server, keep_loaded_objects
from lead_pipeline.settings import load_settings


def main() -> None:
    url, secret, workspace = sys.argv[1:]
    settings = load_settings(
        {**os.environ, "DATABASE_URL": url, "DATASHOPPER_WEBHOOK_SECRET": secret, "WEBHOOK_WORKSPACE": workspace}
    )
    configure_logs()
    app = build_app(open_intake(settings, url))

    @app.get("/empty")
    async def empty() -> dict[str, bool]:
        return {"success": True}

    app.router.routes.insert(0, app.router.routes.pop())  # found at once, as the webhooks are
    server = build_server(app)
    with listen(NAME, "127.0.0.1", 0) as listener:
        print(json.dumps({"url": url_of(listener)}), flush=True)
        threading.Thread(target=_end_with_the_parent, args=[server], daemon=True).start()
        keep_loaded_objects()
        server.run(sockets=[listener])


def _end_with_the_parent(server: object) -> None:
    sys.stdin.read()
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
