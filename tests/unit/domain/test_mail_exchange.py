"""Which domains accept mail: MX before addresses, a null MX is a no, silence is neither yes nor no."""

import pytest

from lead_pipeline.domain.mail_exchange import accepts_mail
from lead_pipeline.errors import VendorUnavailable


class Records:
    """A resolver that knows one domain: MX hosts, and whether it has an address. An exception is raised."""

    def __init__(self, exchangers, has_address=False):
        self.answers = {"exchangers": exchangers, "has_address": has_address}
        self.asked = []

    def exchangers(self, domain):
        return self._answer("exchangers", domain)

    def has_address(self, domain):
        return self._answer("has_address", domain)

    def _answer(self, kind, domain):
        self.asked.append((kind, domain))
        answer = self.answers[kind]
        if isinstance(answer, Exception):
            raise answer
        return answer


SILENCE = VendorUnavailable("no answer")


@pytest.mark.parametrize(
    ("exchangers", "has_address", "expected"),
    [
        (("mx.acme.com.",), False, True),
        ((".",), True, False),
        ((".", "mx.acme.com."), False, True),
        ((), True, True),
        ((), False, False),
        (SILENCE, True, None),
        ((), SILENCE, None),
        (("mx.acme.com.",), SILENCE, True),
    ],
)
def test_the_records_say_whether_mail_is_accepted(exchangers, has_address, expected):
    assert expected is accepts_mail("acme.com", Records(exchangers, has_address))


def test_an_address_is_asked_for_only_where_there_is_no_exchanger():
    resolver = Records((".",), has_address=True)
    accepts_mail("acme.com", resolver)
    assert [("exchangers", "acme.com")] == resolver.asked


def test_a_defect_of_the_resolver_is_no_silence():
    with pytest.raises(KeyError):
        accepts_mail("acme.com", Records(KeyError("a defect")))
