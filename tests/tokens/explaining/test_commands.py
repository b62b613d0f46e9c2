"""A whole `curl` command is read as `curl` and the gateway would: the call, and never a word of its token."""

import json
import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import keys
from tokens.explaining.commands import LONGEST, NotUnderstood, Pasted, read, redacted, request_id_in

_TOKEN = f"trl_sk_w00000000001_{'Qz7' * 9}"
TOKEN = f"{_TOKEN}_{keys.checksum(_TOKEN)}"
BASE = "https://api.example.com"
CHAT = f"{BASE}/v1/chat/completions"
BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": 'it\'s "fine"'}]})
IN_SHELL = BODY.replace("'", "'\\''")
BEARER = f"-H 'Authorization: Bearer {TOKEN}'"


@pytest.mark.parametrize(
    "command",
    [
        f"curl {CHAT} {BEARER} -H 'Content-Type: application/json' -d '{IN_SHELL}'",
        f"$ curl -sSL {CHAT} \\\n  {BEARER} \\\n  --data-raw '{IN_SHELL}' | jq .",
        f"curl.exe --url \"{CHAT}\" --oauth2-bearer {TOKEN} --json '{IN_SHELL}' > answer.json",
        f"/usr/bin/curl -XPOST -H'X-Api-Key: {TOKEN}' \"$BASE\"/v1/chat/completions --data-binary '{IN_SHELL}'",
        f"curl -kso /dev/null -m 10 -w '%{{http_code}}' localhost:8000/v1/chat/completions?key={TOKEN} -d model=gpt-4o",
        f"curl {BEARER} -F model=gpt-4o -F file=@a.wav '{CHAT}#part'",
        f'curl {BEARER} {CHAT} -d $\'{{"model": "gpt-4o"}}\' ; echo done',
        f'curl {BEARER} {CHAT} --data-raw $\'{{"model":"gpt-4o","messages":"it\\\'s \\u00e9 \\\\n"}}\'',
        f'curl "{CHAT}" -H "Authorization: Bearer {TOKEN}" ^\n -d "{{\\"model\\": \\"gpt-4o\\"}}"',
    ],
)
def test_the_call_is_read_as_it_would_be_made(command: str) -> None:
    found = read(command)
    assert (found.method, found.endpoint, found.model) == ("POST", "/v1/chat/completions", "gpt-4o")
    assert (found.token, found.is_placeholder, found.in_file) == (TOKEN, False, False)
    assert found.in_query == ("?key=" in command)
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"curl {BASE}", Pasted("GET", "/")),
        (f"curl -I '{BASE}?model=a%20b'", Pasted("HEAD", "/?model=a%20b")),
        (f"curl -G {BASE}/prompt/x -d model=a -d seed=1", Pasted("GET", "/prompt/x?model=a&seed=1")),
        (f"curl -G {BASE}/x --data-urlencode 'model=a b&c'", Pasted("GET", "/x?model=a%20b%26c")),
        (f"curl -T a.wav {BASE}/x", Pasted("PUT", "/x", in_file=True)),
        (f"curl {CHAT} -d @body.json", Pasted("POST", "/v1/chat/completions", in_file=True)),
        (f'curl {CHAT} -d "$BODY"', Pasted("POST", "/v1/chat/completions", in_file=True)),
        (f"curl {BASE} -H 'Origin: https://a.example.com'", Pasted("GET", "/", origin="https://a.example.com")),
        (f"curl {BASE} -H 'Authorization:' -H 'X_Api_Key: a'", Pasted("GET", "/")),
        (f"curl {BASE} -u me:secret", Pasted("GET", "/", token="")),
        (f"curl -X DELETE {BASE}//a/../b", Pasted("DELETE", "//a/../b")),
    ],
)
def test_every_part_is_looked_at(command: str, expected: Pasted) -> None:
    assert read(command) == expected


@pytest.mark.parametrize(
    "token",
    [
        "$TRELLIS_TOKEN",
        "${KEY}",
        "%KEY%",
        "<your token>",
        "YOUR_API_KEY",
        "trl_sk_…",
        "{{key}}",
        "sk-...",
        "trl_sk_xxxx",
    ],
)
def test_a_placeholder_is_told_from_a_token(token: str) -> None:
    assert read(f'curl {CHAT} -H "Authorization: Bearer {token}"').is_placeholder
    assert not read(f"curl {CHAT} {BEARER}").is_placeholder
    assert not read(f"curl {CHAT} -H 'Authorization: Bearer sk-proj-0123'").is_placeholder


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "neither the id of a request nor"),
        ("wget https://a", "neither the id of a request nor"),
        (f"rm -rf / ; curl {CHAT}", "neither the id of a request nor"),
        ("curl", "no address"),
        (f"curl {CHAT} {CHAT}", "several addresses"),
        (f"curl {CHAT} -d 'it", "quotation marks"),
        (f"curl {CHAT} -H", "-H, and nothing behind it"),
        (f"curl {CHAT} --next", "--next is not understood"),
        (f"curl {CHAT} -K config", "-K is not understood"),
        (f"curl --{TOKEN} {CHAT}", "--… is not understood"),
        (f"curl {CHAT} -H @headers", "from a file"),
        ("curl file:///etc/passwd", "not one of the web’s"),
        (f"curl '{CHAT}?key={TOKEN}' {BEARER[:-9]}abcdefgh'", "two tokens that differ"),
        (f"curl '{CHAT}?k%65y={TOKEN}'", "without escapes"),
        (f"curl '{BASE}/{TOKEN}/x'", "where none belongs"),
        (f"curl {CHAT} -H 'Origin: {TOKEN}'", "where none belongs"),
        (f'curl {CHAT} -d \'{{"model": "{TOKEN}"}}\'', "where none belongs"),
        (f"curl {CHAT} -d '{{\"model\": }}'", "JSON"),
        (f"curl {CHAT} -d '{{\"model\": 1}}'", "must be a text"),
        (f'curl {CHAT} -d \'{{"model": "a", "model": "b"}}\'', "more than once"),
        (f"curl {CHAT} -d '{'a' * LONGEST}'", "longer than"),
    ],
)
def test_what_is_not_understood_is_said_without_a_secret(command: str, said: str) -> None:
    with pytest.raises(NotUnderstood) as reason:
        read(command)
    assert said in str(reason.value)
    assert TOKEN[10:] not in str(reason.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("req_0123456789abcdef01234567", "req_0123456789abcdef01234567"),
        ("  call-1\n", "call-1"),
        ('{"error": {"code": "x", "request_id": "req_1"}}', "req_1"),
        ("x-request-id: req_1", "req_1"),
        ("X-Trellis-Request-Id: req_1", "req_1"),
        ("openai.APIStatusError: Error code: 402 - {'error': {'request_id': 'req_1'}}", "req_1"),
        (TOKEN, None),
        (f"curl {CHAT} -H 'X-Request-Id: req_1'", None),
        ("", None),
        ("two words", None),
    ],
)
def test_an_id_is_found_where_people_copy_it_from(text: str, found: str | None) -> None:
    assert request_id_in(text) == found


@pytest.mark.parametrize(
    "command",
    [
        f"curl {CHAT} {BEARER} --next",
        f"curl {CHAT} {BEARER.replace('Bearer', 'bearer')}",
        f"curl '{CHAT}?a=1&key={TOKEN}&b=2",
        f"{TOKEN}",
        "curl -u s3cret:s3cret https://a",
        "curl --user 's3cret s3cret' https://a",
        "curl -H 'X-Api-Key: s3cret' -H \"Cookie: a=s3cret; b=s3cret\" -bs3cret",
        "curl 'https://a?api_key=s3cret&access_token=s3cret",
        "Authorization: s3cret",
        "curl -H 'Authorization: Basic s3cret=='",
    ],
)
def test_what_is_shown_again_has_no_secret_in_it(command: str) -> None:
    shown = redacted(command)
    assert not re.search(rf"s3cret|{TOKEN[20:]}", shown)
    assert redacted(shown) == shown
    assert (CHAT in shown) == (CHAT in command)


@given(st.text(alphabet=st.sampled_from(" -'\"\\$curlHdX=&?@:/{}|;\n^…Ա") | st.characters(), max_size=300))
def test_any_text_is_read_or_not_understood(text: str) -> None:
    for candidate in (text, f"curl {text}", f"curl {CHAT} {text}"):
        redacted(candidate)
        request_id_in(candidate)
        with suppress(NotUnderstood):
            assert read(candidate).endpoint.startswith("/")


@pytest.mark.parametrize(
    "piece", ["a-", "key", "key ", "-u ", "?a", "bearer ", "request_id", "'", "\\\n", "-d a ", "{{", ":"]
)
def test_no_text_takes_long(piece: str) -> None:
    """A second is a hundred times what the longest one takes."""
    text = (piece * LONGEST)[: LONGEST - 5]
    began = time.thread_time()
    for candidate in (text, f"curl {text}"):
        redacted(candidate)
        request_id_in(candidate)
        with suppress(NotUnderstood):
            read(candidate)
    assert time.thread_time() - began < 5
