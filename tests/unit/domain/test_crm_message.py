"""What the CRM is told: the same person only where phone and e-mail agree, nothing in full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.crm_message import SAME_PERSON, Answered, Found, message_text, same_person
from lead_pipeline.domain.masking import mask_cpf

ANA, BIA = "52998224725", "11144477735"


def email(cpf):
    return Answered("email", "a***@example.com", cpf)


def phone(cpf, ending="21"):
    return Answered("phone", f"+5511*******{ending}", cpf)


def person(cpf, name, city=None):
    return Found(cpf, mask_cpf(cpf), name, city)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([email(ANA), phone(ANA)], True),
        ([email(ANA), phone(BIA), phone(ANA)], True),
        ([email(ANA), phone(BIA)], False),
        ([email(ANA)], None),
        ([phone(ANA), phone(ANA, "22")], None),
        ([email(ANA), phone(None)], None),
        ([email(None), phone(ANA)], None),
        ([], None),
    ],
)
def test_only_a_phone_and_the_address_together_make_the_same_person(answers, expected):
    assert expected is same_person(answers)


@given(
    st.lists(st.builds(Answered, st.sampled_from(["email", "phone"]), st.just("x"), st.sampled_from([ANA, BIA, None])))
)
def test_one_kind_of_contact_alone_never_says_so(answers):
    for kind in ("email", "phone"):
        assert same_person([answer for answer in answers if answer.kind == kind]) is None


def test_the_message_says_whose_contacts_they_are():
    text = message_text([person(ANA, "Ana Souza", "Recife")], [email(ANA), phone(ANA)], is_change=False)
    assert text.splitlines() == [
        "Enriquecimento de contato",
        "",
        "Ana Souza",
        "CPF: ***.***.247-**",
        "Cidade: Recife",
        "Contatos desta pessoa: e-mail a***@example.com; telefone +5511*******21",
        "Mesma pessoa: o telefone e o e-mail pertencem a este CPF.",
    ]


def test_two_persons_are_two_blocks_and_no_same_person():
    text = message_text([person(ANA, "Ana"), person(BIA, "Bia")], [email(ANA), phone(BIA)], is_change=True)
    assert text.startswith("Enriquecimento de contato atualizado\n")
    assert "pertencem a pessoas diferentes" in text
    assert SAME_PERSON not in text
    assert text.index("Ana") < text.index("e-mail a***") < text.index("Bia") < text.index("telefone +5511")


def test_of_three_contacts_the_two_that_agree_are_named():
    text = message_text([person(ANA, "Ana"), person(BIA, "Bia")], [email(ANA), phone(BIA), phone(ANA)], is_change=False)
    ana, bia = text[text.index("Ana") : text.index("Bia")], text[text.index("Bia") :]
    assert SAME_PERSON in ana
    assert SAME_PERSON not in bia


@given(st.lists(st.sampled_from([email(ANA), email(None), phone(ANA), phone(BIA), phone(None)]), max_size=4))
def test_no_message_and_no_repr_holds_a_whole_cpf(answers):
    people = [person(ANA, "Ana", "Recife"), person(BIA, "Bia")]
    text = message_text(people, answers, is_change=False) + repr(people) + repr(answers)
    digits = "".join(filter(str.isdigit, text))
    assert ANA not in digits
    assert BIA not in digits
