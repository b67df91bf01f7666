"""Passwords: which are taken, what their hash is worth, and that nobody's password is ever right."""

import pytest
from argon2 import PasswordHasher

from lead_pipeline.domain.passwords import hash_password, is_outdated, is_password, password_fault

SALT = bytes(range(16))


def test_a_password_is_its_own_hashs_and_no_other_is():
    kept = hash_password("correct horse", SALT)
    assert is_password("correct horse", kept)
    assert not is_password("correct horse ", kept)
    assert not is_password("", kept)


def test_a_hash_is_argon2id_with_todays_parameters_and_its_own_salt():
    kept = hash_password("correct horse", SALT)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != hash_password("correct horse", SALT[::-1])
    assert not is_outdated(kept)


def test_a_hash_of_other_parameters_is_right_and_outdated():
    kept = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    assert is_password("correct horse", kept)
    assert is_outdated(kept)


@pytest.mark.parametrize("kept", [None, "", "unusable", "$argon2id$v=19$m=19456", "$2b$12$abc"])
@pytest.mark.parametrize("password", ["correct horse", "nobody has this password", ""])
def test_where_no_hash_is_kept_no_password_is_right(kept, password):
    assert not is_password(password, kept)


def test_the_same_keys_on_another_keyboard_give_the_same_password():
    composed, apart = "caf\u00e9 au lait", "cafe\u0301 au lait"
    assert is_password(apart, hash_password(composed, SALT))


@pytest.mark.parametrize("password", ["a" * 10, "a" * 200, "          ", "\u00e9" * 10])
def test_ten_to_two_hundred_characters_are_taken(password):
    assert password_fault(password) is None


@pytest.mark.parametrize("password", ["", "a" * 9, "a" * 201, "e\u0301" * 9])
def test_fewer_or_more_are_refused_with_the_bounds(password):
    assert "10 to 200" in password_fault(password)


def test_a_text_that_is_no_unicode_is_only_wrong():
    assert not is_password("\ud800" * 10, hash_password("correct horse", SALT))
    assert is_password("\ud800" * 10, hash_password("\ud800" * 10, SALT))
