"""The stand-in for Stripe: a process of its own on loopback, which ends with its parent and leaves no file."""

import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from lead_pipeline.domain.signatures import verify_stripe
from lead_pipeline.sandbox import webhook_sender
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.stripe_process import StripeProcess

_PARENT = """
import sys, time
from lead_pipeline.sandbox.stripe_process import StripeProcess
child = StripeProcess().__enter__()
print(child._process.pid, child.url, flush=True)
time.sleep(60)
"""
AS = {"Authorization": "Bearer sk_test_sandbox"}


def is_gone(pid):
    end = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < end:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return not psutil.pid_exists(pid)


def test_two_at_once_know_nothing_of_one_another_and_leave_no_file():
    kept = Path(tempfile.gettempdir()) / "localstripe.pickle"
    before = kept.stat().st_mtime if kept.exists() else None
    with StripeProcess() as one, StripeProcess() as other:
        made = httpx.post(f"{one.url}/v1/customers", headers=AS, data={"name": "Ada"}).json()["id"]
        assert 200 == httpx.get(f"{one.url}/v1/customers/{made}", headers=AS).status_code
        assert 404 == httpx.get(f"{other.url}/v1/customers/{made}", headers=AS).status_code
    assert before == (kept.stat().st_mtime if kept.exists() else None)


def test_it_listens_on_loopback_only():
    with StripeProcess() as child:
        port = urlsplit(child.url).port
        listening = {
            found.laddr.ip
            for found in psutil.Process(child._process.pid).net_connections("inet")
            if found.status == psutil.CONN_LISTEN
        }
        assert {"127.0.0.1"} == listening
        with socket.create_connection(("127.0.0.1", port), 1):
            pass


def test_it_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        pid, _ = parent.stdout.readline().split()
        assert psutil.pid_exists(int(pid))
        parent.kill()
        parent.wait()
        assert is_gone(int(pid))


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer(stripe=True) as running:
        yield running


def stripe(sandbox, method, path, **asked):
    return httpx.request(method, f"{sandbox.url}/stripe/v1{path}", headers=AS, **asked)


def test_a_customer_has_its_own_charges_newest_first(sandbox):
    customers = [stripe(sandbox, "POST", "/customers", data={"name": name}).json()["id"] for name in "ab"]
    for customer in (*customers, customers[0]):
        asked = {"amount": "100", "currency": "usd", "customer": customer, "payment_method": "pm_card_visa"}
        stripe(sandbox, "POST", "/payment_intents", data=asked).raise_for_status()
    page = stripe(sandbox, "GET", "/payment_intents", params={"customer": customers[0], "limit": 1}).json()
    assert (1, True) == (len(page["data"]), page["has_more"])
    more = {"customer": customers[0], "starting_after": page["data"][0]["id"]}
    rest = stripe(sandbox, "GET", "/payment_intents", params=more).json()
    assert (1, False) == (len(rest["data"]), rest["has_more"])
    assert page["data"][0]["id"] != rest["data"][0]["id"]
    assert 0 == len(
        stripe(sandbox, "GET", "/payment_intents", params={"customer": customers[0], "created[gte]": 2**33}).json()[
            "data"
        ]
    )


def test_a_card_of_one_customer_does_not_become_anothers(sandbox):
    one, other = (stripe(sandbox, "POST", "/customers", data={"name": name}).json()["id"] for name in "ab")
    card = stripe(sandbox, "POST", "/payment_methods/pm_card_visa/attach", data={"customer": one}).json()["id"]
    assert 400 == stripe(sandbox, "POST", f"/payment_methods/{card}/attach", data={"customer": other}).status_code
    assert 200 == stripe(sandbox, "POST", f"/payment_methods/{card}/attach", data={"customer": one}).status_code


def test_without_its_key_nothing_is_told_and_errors_have_stripes_shape(sandbox):
    answer = httpx.get(f"{sandbox.url}/stripe/v1/customers/cus_1", headers={"Authorization": "Bearer sandbox"})
    assert (401, str) == (answer.status_code, type(answer.json()["error"]["message"]))


def test_a_sandbox_without_stripe_has_none():
    with SandboxServer() as running:
        assert 404 == httpx.get(f"{running.url}/stripe/v1/customers/cus_1", headers=AS).status_code


def test_its_events_are_sent_to_the_intake_signed_as_stripe_signs():
    received, secret = [], "whsec_shared"

    class Intake(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Intake) as intake:
        threading.Thread(target=intake.serve_forever, args=(0.02,), daemon=True).start()
        told = webhook_sender.Intake(f"http://127.0.0.1:{intake.server_port}", {"stripe": secret})
        with SandboxServer(stripe=True, intake=told) as sandbox:
            asked = {"amount": "100", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
            stripe(sandbox, "POST", "/payment_intents", data=asked).raise_for_status()
            end = time.monotonic() + 10
            while not received and time.monotonic() < end:
                time.sleep(0.05)
        intake.shutdown()
    [(path, headers, body)] = received
    assert ("/api/webhooks/stripe", "payment_intent.succeeded") == (path, json.loads(body)["type"])
    assert None is verify_stripe(body, headers, [secret], now=time.time())
    assert verify_stripe(body, headers, ["whsec_other"], now=time.time())
