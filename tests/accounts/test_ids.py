from accounts.ids import CROCKFORD, is_public_id, new_public_id


def test_new_ids_have_the_form_and_differ():
    ids = {new_public_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(is_public_id(text) for text in ids)


def test_every_character_of_the_alphabet_is_used():
    assert {c for _ in range(500) for c in new_public_id()} == set(CROCKFORD)


def test_the_alphabet_is_crockfords_without_its_look_alikes():
    assert len(set(CROCKFORD)) == 32
    assert not set("ilou") & set(CROCKFORD)


def test_other_forms_are_no_ids():
    good = "0123456789ab"
    assert is_public_id(good)
    for bad in (
        "",
        good[:-1],
        good + "0",
        good.upper(),
        "0123456789al",
        good[:-1] + "\n",
        "٠" * 12,
        good + "\x00",
    ):
        assert not is_public_id(bad), bad
