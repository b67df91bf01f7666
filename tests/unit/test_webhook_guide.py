"""The code by which docs/marketplace.md has receivers verify a webhook, against what is signed here."""

import re
import time
from pathlib import Path

import pytest

from lead_pipeline.domain.signatures import sign_standard_webhook

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "marketplace.md"
SECRET, OLD = "whsec_c2VzYW1lIHNlc2FtZSBzZXNhbWUgc2VzYW1lIQ==", "whsec_b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZA=="
BODY = '{"type": "lead.new", "name": "Zoë"}'.encode()


@pytest.fixture
def is_ours():
    [code] = re.findall("```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names = {}
    exec(compile(code, str(GUIDE), "exec"), names)
    return names["is_ours"]


def test_the_guides_code_takes_what_is_signed_and_nothing_else(is_ours):
    headers = sign_standard_webhook("msg_1", BODY, SECRET, now=time.time())
    assert is_ours(SECRET, headers, BODY)
    assert not is_ours(OLD, headers, BODY)
    assert not is_ours(SECRET, headers, BODY + b" ")
    assert not is_ours(SECRET, {**headers, "webhook-id": "msg_2"}, BODY)
    assert not is_ours(SECRET, sign_standard_webhook("msg_1", BODY, SECRET, now=time.time() - 400), BODY)


def test_the_guides_code_takes_either_secret_while_both_sign(is_ours):
    now = time.time()
    headers = sign_standard_webhook("msg_1", BODY, SECRET, now=now)
    before = sign_standard_webhook("msg_1", BODY, OLD, now=now)["webhook-signature"]
    both = {**headers, "webhook-signature": f"{headers['webhook-signature']} {before}"}
    assert is_ours(SECRET, both, BODY)
    assert is_ours(OLD, both, BODY)
