"""A name can neither hide what it is nor turn the words beside it around."""

import pytest
from django.test import Client

from accounts.forms import ProfileForm
from accounts.names import isolated, seen
from tests import factories

CHINESE, PERSIAN, FAMILY = "王芳", "می\u200cخواهم", "👩\u200d👧"


@pytest.mark.parametrize("name", ["Ada Byron", CHINESE, PERSIAN, FAMILY, "O’Neill-Şahin"])
def test_names_of_every_script_stay_as_they_are(name: str) -> None:
    assert seen(name) == name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Eve\u202egnp.exe", "Evegnp.exe"),
        ("\u2067Eve\u2069 \x07 \x1b[2J", "Eve [2J"),
        (" a \n b ", "a b"),
        ("\u200f", ""),
    ],
)
def test_what_cannot_be_seen_is_left_out(given: str, kept: str) -> None:
    assert seen(given) == kept


def test_a_name_from_the_right_is_kept_apart_and_others_are_not_touched() -> None:
    assert isolated("שרה") == "\u2068שרה\u2069"
    assert isolated("Mika مها") == "\u2068Mika مها\u2069"
    assert [isolated(name) for name in ("Ada", CHINESE, FAMILY, "")] == ["Ada", CHINESE, FAMILY, ""]
    assert isolated("Eve\u202egnp") == "Evegnp"
    assert isolated("שרה\u2069 approved").count("\u2069") == 1


def test_a_profile_keeps_the_name_that_can_be_seen(db: None) -> None:
    person, client = factories.person("Ada"), Client()
    client.force_login(person)
    client.post("/profile/", {"name": "Mika\u202e ", "locale": "en", "single_keys": "on"})
    person.refresh_from_db()
    assert person.name == "Mika"
    assert ProfileForm({"name": "n" * 101, "locale": "en"}).errors.keys() == {"name"}
