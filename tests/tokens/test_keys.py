import binascii
import hashlib
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.ids import CROCKFORD
from tokens import keys
from tokens.keys import ALPHABET, Key, KeyKind

OWNER = "0123456789ab"
SECRET = "0123456789ABCDEFGHIJabcdefg"

owners = st.text(CROCKFORD, min_size=12, max_size=12)
secrets = st.text(ALPHABET, min_size=27, max_size=27)
any_key = st.builds(Key, st.sampled_from(KeyKind), owners, secrets)
characters = st.one_of(st.sampled_from(ALPHABET + "_- "), st.characters())


@given(any_key)
def test_what_is_written_is_read_back(key: Key):
    assert len(key.text) == keys.LENGTH == 54
    assert keys.parse(key.text) == key


@given(any_key, st.integers(0, 53), characters)
def test_one_altered_character_is_refused(key: Key, place: int, character: str):
    text = key.text[:place] + character + key.text[place + 1 :]
    assert (keys.parse(text) is not None) == (text == key.text)


@pytest.mark.parametrize("kind", KeyKind)
def test_every_single_alteration_of_one_key_is_refused(kind: KeyKind):
    text = Key(kind, OWNER, SECRET).text
    for place in range(len(text)):
        for character in string.printable:
            if character != text[place]:
                assert keys.parse(text[:place] + character + text[place + 1 :]) is None


@given(any_key, st.integers(0, 53), st.integers(1, 54))
def test_a_cut_is_refused(key: Key, start: int, length: int):
    assert keys.parse(key.text[:start] + key.text[start + length :]) is None


@given(any_key, st.integers(0, 54), st.text(min_size=1))
def test_an_insertion_is_refused(key: Key, place: int, more: str):
    assert keys.parse(key.text[:place] + more + key.text[place:]) is None


@given(any_key, st.integers(0, 52))
def test_two_neighbours_swapped_are_refused(key: Key, place: int):
    text = key.text[:place] + key.text[place + 1] + key.text[place] + key.text[place + 2 :]
    assert (keys.parse(text) is not None) == (text == key.text)


@given(st.text())
def test_no_text_raises(text: str):
    assert keys.parse(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "\ud800" * 54, "é" * 54, "trl_sk_" + "٣" * 47, "trl_sk_" * 1_000_000, "\x00" * 54, "_" * 54],
)
def test_hostile_text_is_merely_malformed(text: str):
    assert keys.parse(text) is None


@pytest.mark.parametrize("end", ["\n", "\r", "\x00", " "])
def test_white_space_around_a_token_is_not_trimmed(end: str):
    text = Key(KeyKind.SECRET, OWNER, SECRET).text
    assert keys.parse(text + end) is None
    assert keys.parse(end + text) is None
    assert keys.parse(text[:-1] + end) is None


@given(any_key)
def test_letter_case_matters(key: Key):
    for text in (key.text.upper(), key.text.lower(), key.text.swapcase()):
        assert (keys.parse(text) is not None) == (text == key.text)


@pytest.mark.parametrize(
    ("body", "checksum"),
    # Worked out bit by bit in perl, and the first against gzip's own CRC, not with this code.
    [
        ("trl_sk_0123456789ab_0123456789ABCDEFGHIJabcdefg", "3Q493S"),
        ("trl_pk_zzzzzzzzzzzz_zzzzzzzzzzzzzzzzzzzzzzzzzzz", "1CN9J7"),
        ("trl_gw_000000000000_000000000000000000000000000", "1DWw1A"),
    ],
)
def test_known_checksums(body: str, checksum: str):
    assert keys.checksum(body) == checksum
    assert keys.parse(f"{body}_{checksum}") is not None


def test_a_small_checksum_is_padded_with_zeros():
    body = next(b for b in (f"trl_sk_{OWNER}_{n:027d}" for n in range(1_000_000)) if binascii.crc32(b.encode()) < 62**4)
    written = keys.checksum(body)
    assert written.startswith("00")
    assert len(written) == 6
    assert keys.parse(f"{body}_{written}") is not None
    assert keys.parse(f"{body}_{written.lstrip('0')}") is None


@given(any_key)
def test_a_checksum_counts_up_to_32_bits_only(key: Key):
    """Six base62 digits hold more than 32 bits: a second spelling of one checksum would be a second token."""
    number = sum(ALPHABET.index(c) * 62**i for i, c in enumerate(reversed(key.text[-6:]))) + 2**32
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    assert keys.parse(key.text[:-6] + digits) is None


@pytest.mark.parametrize("kind", KeyKind)
def test_made_keys_are_well_formed_and_differ(kind: KeyKind):
    made = [keys.make(kind, OWNER) for _ in range(200)]
    assert len({key.secret for key in made}) == 200
    assert all(keys.parse(key.text) == key for key in made)
    assert {c for key in made for c in key.secret} == set(ALPHABET)


@pytest.mark.parametrize("owner", ["", "short", OWNER.upper(), OWNER + "0", "0123456789al"])
def test_a_key_needs_a_public_id_for_its_owner(owner: str):
    with pytest.raises(ValueError, match="public id"):
        keys.make(KeyKind.SECRET, owner)


def test_a_gateway_key_is_malformed_as_a_token_and_the_reverse():
    for kind in (KeyKind.SECRET, KeyKind.PUBLISHABLE):
        token = keys.make(kind, OWNER)
        assert keys.parse_token(token.text) == token
        assert keys.parse_gateway_key(token.text) is None
    gateway_key = keys.make(KeyKind.GATEWAY, OWNER)
    assert keys.parse_gateway_key(gateway_key.text) == gateway_key
    assert keys.parse_token(gateway_key.text) is None


def test_the_repr_does_not_give_the_secret_away():
    key = keys.make(KeyKind.SECRET, OWNER)
    assert key.secret not in repr(key)
    assert key.last4 not in repr(key)


@given(any_key)
def test_last_four_are_those_of_the_whole_text(key: Key):
    assert key.text.endswith(key.last4)
    assert len(key.last4) == 4


def test_digests_are_keyed_and_in_the_order_of_the_keys():
    text = Key(KeyKind.SECRET, OWNER, SECRET).text
    versions = {7: b"n" * 32, 3: b"o" * 32}
    found = keys.digests(text, versions)
    assert list(found) == [7, 3]
    assert found[7] == hmac.new(b"n" * 32, text.encode(), hashlib.sha256).digest()
    assert keys.matches(found[7], keys.digest(text, b"n" * 32))
    assert not keys.matches(found[7], found[3])
