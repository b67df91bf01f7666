"""Diretrix's wire: who is asked for, what nobody looks like, and what is not accepted."""

import base64
import json
import traceback

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.errors import PermanentError, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.diretrix import NOBODY, CpfAnswer, Diretrix, read_cpf

CPF = "52998224725"
PHONE, ADDRESS = "+5511987654321", "ana.silva@example.com"


def asking(transport_to, answer, seen=None, *, status=200, key="me:pass:word"):
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx.Response(status, content=content)

    return Diretrix(transport_to("", wire=httpx.MockTransport(handle)), "http://diretrix.test/v1/", key)


def test_a_phone_is_asked_for_with_user_and_password(transport_to):
    seen: list[httpx.Request] = []
    answer = asking(transport_to, {"cpf": CPF}, seen).cpf_by_phone(PHONE)

    assert CpfAnswer(json.dumps({"cpf": CPF}).encode(), CPF) == answer
    assert "http://diretrix.test/v1/cpf/by-phone" == str(seen[0].url)
    assert {"phone": PHONE} == json.loads(seen[0].content)
    scheme, given = seen[0].headers["Authorization"].split()
    assert ("Basic", b"me:pass:word") == (scheme, base64.b64decode(given))


def test_an_address_is_asked_for_and_a_bare_key_is_the_sandboxs(transport_to):
    seen: list[httpx.Request] = []
    asking(transport_to, {"cpf": None}, seen, key="sandbox").cpf_by_email(ADDRESS)

    assert "http://diretrix.test/v1/cpf/by-email" == str(seen[0].url)
    assert {"email": ADDRESS} == json.loads(seen[0].content)
    assert b"sandbox:sandbox" == base64.b64decode(seen[0].headers["Authorization"].split()[1])


def test_nobody_is_an_answer_and_so_is_a_404_which_is_kept_in_a_form_that_reads_alike(transport_to):
    assert asking(transport_to, {"cpf": None}).cpf_by_phone(PHONE).cpf is None

    answer = asking(transport_to, {"error": "not found"}, status=404).cpf_by_phone(PHONE)
    assert CpfAnswer(NOBODY, None) == answer == read_cpf(answer.body)


def test_a_404_that_is_no_json_is_another_page_and_nobodys_answer(transport_to):
    with pytest.raises(VendorUnavailable, match="404 with what is not JSON"):
        asking(transport_to, b"<h1>Not Found</h1>", status=404).cpf_by_phone(PHONE)


def test_a_refusal_is_told_and_quotes_nothing(transport_to):
    with pytest.raises(VendorRefused, match="check SANDBOX_API_KEY") as caught:
        asking(transport_to, {"error": PHONE}, status=401).cpf_by_phone(PHONE)

    assert PHONE not in str(caught.value)


def test_punctuation_is_left_out_of_a_cpf():
    assert CPF == read_cpf(b'{"cpf": "529.982.247-25"}').cpf


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, "52998224725", {"cpf": 52998224725}, {"cpf": ""}, {"cpf": "52998224724"}, {"cpf": "5299822472"},
        {"cpf": "11111111111"}, {"cpf": "9" * 5000}, {"cpf": "\ud800"}, {"cpf": [CPF]}, {"cpf": False}, b"", b"\xff",
        b"{", b"NaN", b"[" * 5000,
    ],
)  # fmt: skip
def test_what_was_not_agreed_is_not_accepted(answer):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed") as caught:
        read_cpf(body)

    told = "".join(traceback.format_exception(caught.value))
    assert not any(digits in told for digits in ("5299822472", "1111111", "999999"))


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps({"cpf": text}).encode()))
def test_any_bytes_are_an_answer_or_an_error_of_ours(body):
    try:
        answer = read_cpf(body)
    except (VendorUnavailable, PermanentError):
        return
    assert answer.cpf is None or (11 == len(answer.cpf) and answer.cpf.isdecimal())


def test_no_repr_holds_a_cpf():
    assert CPF not in repr(read_cpf(json.dumps({"cpf": CPF}).encode()))
