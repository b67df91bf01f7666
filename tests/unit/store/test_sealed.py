"""Sealing, rotation, digests that outlive it, and the key file of a checkout that knows only the sandbox."""

import stat
import threading

import pytest
from cryptography.fernet import Fernet

from lead_pipeline.errors import SettingsError
from lead_pipeline.store.sealed import KEY_FILE, Seal, seal_of

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
CPF = "52998224725"


def test_what_is_sealed_is_opened_again_and_shows_nothing():
    seal = Seal(OLD)
    token = seal.seal(CPF.encode())
    assert CPF.encode() not in token
    assert token != seal.seal(CPF.encode())
    assert CPF.encode() == seal.open(token)
    assert OLD not in repr(seal)


def test_a_new_first_key_seals_and_the_old_one_still_opens():
    token = Seal(OLD).seal(b"data")
    rotated = Seal(f"{NEW}, {OLD}")
    assert b"data" == rotated.open(token)
    assert b"data" == Seal(NEW).open(rotated.seal(b"data"))
    assert b"data" == Seal(NEW).open(rotated.reseal(token))


def test_a_digest_outlives_a_rotation_and_is_nothing_without_the_last_key():
    digest = Seal(OLD).digest(CPF)
    assert 32 == len(digest)
    assert digest == Seal(f"{NEW},{OLD}").digest(CPF)
    assert digest != Seal(NEW).digest(CPF)
    assert digest != Seal(OLD).digest("11144477735")


def test_what_no_key_opens_says_which_setting_is_wrong():
    with pytest.raises(SettingsError, match="PERSONAL_DATA_KEYS does not hold"):
        Seal(OTHER).open(Seal(OLD).seal(b"data"))
    with pytest.raises(SettingsError):
        Seal(OLD).open(b"no token")


@pytest.mark.parametrize("keys", ["", " , ", "short", f"{OLD},hunter2"], ids=["none", "blank", "short", "one of two"])
def test_what_is_no_key_is_refused_without_being_shown(keys):
    with pytest.raises(SettingsError, match="openssl") as refused:
        Seal(keys)
    assert "hunter2" not in str(refused.value)


def test_the_sandbox_gets_a_key_file_that_is_made_once_for_its_owner(tmp_path):
    first = seal_of(None, tmp_path / "var", uses_sandbox=True)
    second = seal_of(None, tmp_path / "var", uses_sandbox=True)
    assert b"data" == second.open(first.seal(b"data"))
    assert 0o600 == stat.S_IMODE((tmp_path / "var" / KEY_FILE).stat().st_mode)
    assert [KEY_FILE] == [path.name for path in (tmp_path / "var").iterdir()]


def test_many_that_make_the_key_file_at_once_all_use_the_same(tmp_path):
    digests = []
    threads = [
        threading.Thread(target=lambda: digests.append(seal_of(None, tmp_path, uses_sandbox=True).digest(CPF)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 16 == len(digests)
    assert 1 == len(set(digests))


def test_a_real_vendor_is_not_asked_without_keys(tmp_path):
    with pytest.raises(SettingsError, match="PERSONAL_DATA_KEYS is not set"):
        seal_of(None, tmp_path, uses_sandbox=False)
    assert [] == list(tmp_path.iterdir())
    assert Seal(OLD).digest(CPF) == seal_of(OLD, tmp_path, uses_sandbox=False).digest(CPF)


def test_what_the_first_key_sealed_is_told_from_what_an_older_one_did():
    both = Seal(f"{NEW},{OLD}")
    assert both.is_newest(both.seal(b"x"))
    assert both.is_newest(both.reseal(Seal(OLD).seal(b"x")))
    for token in (Seal(OLD).seal(b"x"), b"nonsense", b""):
        assert not both.is_newest(token)
