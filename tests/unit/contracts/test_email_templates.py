"""Texts to leads: what is refused when one is saved, and that filling one ends and stays harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.contracts.email_templates import (
    LONGEST_BODY,
    VARIABLES,
    EmailTemplateSent,
    fill,
    refuse_faults,
    template_faults,
)
from lead_pipeline.errors import FieldsRefused

ADA = {"first_name": "Ada", "company_name": "Northwind", "sender_name": "Seller"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ frist_name }}", "no variable frist_name"),
        ("a\nb {{ nope }}", "line 2: there is no variable nope"),
        ("{{ first_name", "unexpected end"),
        ("{{ ''.__class__ }}", "Getattr is not taken"),
        ("{{ first_name['__class__'] }}", "Getitem is not taken"),
        ("{{ first_name.format(1) }}", "Call is not taken"),
        ("{{ cycler.__init__.__globals__ }}", "Getattr is not taken"),
        ("{% for x in first_name %}{% endfor %}", "For is not taken"),
        ("{% set x = 1 %}", "Assign is not taken"),
        ("{% macro x() %}{% endmacro %}", "Macro is not taken"),
        ("{% include 'x' %}", "Include is not taken"),
        ("{% extends 'x' %}", "Extends is not taken"),
        ("{{ 9 ** 9 ** 9 }}", "Pow is not taken"),
        ("{{ 'a' * 1000000000 }}", "Mul is not taken"),
        ("{{ 'a' ~ 'b' }}", "Concat is not taken"),
        ("{{ first_name | attr('__class__') }}", "no filter attr"),
        ("{{ first_name | replace('A', 'B' ) }}", "no filter replace"),
        ("{{ first_name is callable }}", "no test callable"),
        ("{{ " + "(" * 5_000, "write it plainly"),
        ("{{ " + "9" * 5_000 + " }}", "write it plainly"),
        ("{% if first_name %}" * 30 + "{% endif %}" * 30, "nested too deeply"),
        ("{{ first_name " + "| upper " * 300 + "}}", "nested too deeply"),
    ],
)
def test_what_is_no_variable_filter_or_condition_is_refused_with_its_line(text, said):
    with pytest.raises(FieldsRefused) as refused:
        refuse_faults({"subject": "fine", "body": text})
    assert {"body"} == {fault["field"] for fault in refused.value.errors}
    assert any(said in fault["message"] for fault in refused.value.errors)


def test_every_fault_of_subject_and_body_is_told_at_once():
    with pytest.raises(FieldsRefused) as refused:
        refuse_faults({"subject": "{{ a }}", "body": "{{ b }}{{ c }}{{ c }}"})
    assert ["subject", "body", "body"] == [fault["field"] for fault in refused.value.errors]


@pytest.mark.parametrize("text", ["{{ first_name | upper(*last_name) }}", "{{ first_name | trim(9) }}"])
def test_a_filter_that_is_handed_nonsense_is_refused_when_it_is_saved(text):
    assert [] == template_faults("body", text)
    with pytest.raises(FieldsRefused, match="body"):
        refuse_faults({"body": text})


def test_a_text_is_filled_with_the_leads_fields():
    subject, body = fill(
        "A question, {{ first_name | default('friend') }}",
        "Hi {{ first_name | upper }},\n\n{% if last_name %}Dr {{ last_name }}{% else %}hello{% endif %}\n"
        "{{ sender_name }}",
        ADA,
    )
    assert ("A question, Ada", "Hi ADA,\n\nhello\nSeller") == (subject, body)


def test_a_field_that_the_lead_lacks_is_named_unless_there_is_a_default():
    assert ("friend", "x") == fill("{{ last_name | default('friend') }}", "x", ADA)
    for missing in (None, ""):
        with pytest.raises(FieldsRefused, match="subject: 'last_name' is undefined: this lead has none"):
            fill("{{ last_name }}", "x", {**ADA, "last_name": missing})


def test_a_hostile_lead_fills_in_words_only():
    hostile = "x\r\nBcc: all@evil.example\u202e{{ 7 * 7 }}{% for a in b %}<script>"
    subject, body = fill("{{ first_name }}", "{{ first_name }}", {"first_name": hostile})
    assert "x Bcc: all@evil.example{{ 7 * 7 }}{% for a in b %}<script>" == subject == body


@given(st.text(max_size=300), st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=300)))
def test_any_text_is_either_refused_or_filled_and_stays_small(text, fields):
    try:
        subject, body = fill(text, text, fields)
    except FieldsRefused:
        return
    assert "\n" not in subject
    assert len(body) <= LONGEST_BODY


def test_what_a_description_shows_as_examples_can_be_saved():
    for name in ("subject", "body"):
        refuse_faults({name: EmailTemplateSent.model_fields[name].examples[0]})
