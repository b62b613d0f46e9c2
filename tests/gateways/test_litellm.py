"""The shipped `custom_auth` in a real LiteLLM proxy. `make test-litellm` installs that one and runs this."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.fixtures import proxies
from tests.fixtures.upstream import Received
from tests.gateways.conftest import Platform
from tests.gateways.edges import Front

pytestmark = [pytest.mark.server, pytest.mark.django_db, pytest.mark.timeout(600)]
CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]
JSON = {"Content-Type": "application/json"}
STARTED_SECONDS = 300
MODELS = ("gpt-4o-mini", "gpt-4o")
# It writes down what LiteLLM knows of a call's key.
SPY = """
import json, pathlib
from litellm.integrations.custom_logger import CustomLogger
class Spy(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        known = {"metadata": user_api_key_dict.metadata, "key": user_api_key_dict.api_key}
        pathlib.Path(__file__).with_name("known.json").write_text(json.dumps(known))
spy = Spy()
"""


def configuration(models: int) -> str:
    """As the file's first lines say, with two models of the model server. JSON is YAML."""
    server = {"api_base": f"http://127.0.0.1:{models}/v1", "api_key": "none", "max_retries": 0}
    listed = [{"model_name": name, "litellm_params": {"model": f"openai/{name}", **server}} for name in MODELS]
    general = {"custom_auth": "litellm_auth.user_api_key_auth", "custom_auth_run_common_checks": True}
    settings = {"enable_post_custom_auth_checks": True, "callbacks": "spy.spy"}
    return json.dumps({"model_list": listed, "general_settings": general, "litellm_settings": settings})


@pytest.fixture(scope="module")
def trellis(platform: Platform) -> Iterator[tuple[str, ExitStack]]:
    """One of its own, which the last test ends."""
    with ExitStack() as running:
        yield f"http://127.0.0.1:{running.enter_context(proxies.trellis())}", running


@pytest.fixture(scope="module")
def litellm(
    platform: Platform, trellis: tuple[str, ExitStack], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("litellm")
    shutil.copy(proxies.CONFIGURATIONS / "litellm_auth.py", folder)
    (folder / "spy.py").write_text(SPY)
    (folder / "config.yaml").write_text(configuration(platform.upstream.port))
    own = {"TRELLIS_ADDRESS": trellis[0], "TRELLIS_GATEWAY_KEY": platform.keys["custom"]}
    # It would take the tests' database for its own.
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    port = proxies.free_port()
    command = [os.environ["LITELLM"], "--config", str(folder / "config.yaml"), "--host", "127.0.0.1"]
    with (folder / "litellm.log").open("wb") as said:
        options = ["--port", str(port), "--telemetry", "False"]
        environment = {**bare, **own, "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(32)}"}
        started = subprocess.Popen([*command, *options], cwd=folder, env=environment, stdout=said, stderr=said)
    with proxies.ended(started) as process:
        wait_until_alive(port, process, folder / "litellm.log")
        yield Front(port, folder)


def wait_until_alive(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=60).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail(f"LiteLLM did not start:\n{log.read_text()[-3000:]}")


def chat(model: str, **more: Any) -> bytes:
    return json.dumps({"model": model, "messages": HELLO, **more}).encode()


def test_calls_are_answered_and_refused_as_trellis_says(
    litellm: Front, platform: Platform, received: list[Received]
) -> None:
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{litellm.port}/v1", api_key=platform.token, max_retries=0)
    assert client.chat.completions.create(model="gpt-4o-mini", messages=HELLO).choices[0].message.content
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "Grow well."
    assert len(received) == 2
    received.clear()
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    error = refused.value
    assert (error.status_code, error.code, error.type) == (402, "tier_required", "insufficient_access")
    assert error.body["remedies"][0]["href"]
    assert error.request_id == error.body["request_id"]
    assert error.response.headers["x-should-retry"] == "false"
    assert received == []


def test_what_trellis_refuses_is_refused(
    litellm: Front, platform: Platform, bearer: dict[str, str], received: list[Received]
) -> None:
    distant = {"Authorization": f"Bearer {platform.distant}"}
    cases = [
        ("POST", CHAT, {}, chat("gpt-4o-mini"), 401, "token_missing"),
        ("POST", CHAT, {"Authorization": "Bearer "}, chat("gpt-4o-mini"), 401, "token_malformed"),
        ("POST", CHAT, {"X-Api-Key": "sk-1"}, chat("gpt-4o-mini"), 401, "token_malformed"),
        ("POST", CHAT, distant, chat("gpt-4o-mini"), 403, "ip_not_allowed"),
        ("POST", CHAT, bearer, chat("nothing"), 404, "model_not_found"),
        ("POST", f"{CHAT}?model=gpt-4o", bearer, chat("gpt-4o-mini"), 400, "ask_ambiguous"),
        ("POST", CHAT, bearer, chat("gpt-4o-mini", fallbacks=["gpt-4o"]), 400, "ask_ambiguous"),
        ("POST", CHAT, bearer, chat("gpt-4o-mini,gpt-4o"), 404, "model_not_found"),
        ("POST", "/chat/completions", bearer, chat("gpt-4o-mini"), 404, "endpoint_unknown"),
        ("POST", "/key/generate", bearer, b"{}", 404, "endpoint_unknown"),
    ]
    for method, target, headers, body, status, code in cases:
        reply = litellm.call(method, target, {**JSON, **headers}, body)
        assert (reply.status, reply.error["code"]) == (status, code), (target, reply.body)
    assert received == []


def test_litellm_knows_whose_call_it_is_and_writes_no_token(
    litellm: Front, platform: Platform, bearer: dict[str, str]
) -> None:
    reply = litellm.call("POST", CHAT, {**bearer, **JSON}, chat("gpt-4o-mini"))
    assert reply.status == 200, reply.body
    known = json.loads((litellm.folder / "known.json").read_text())
    said = known["metadata"]["trellis"]
    assert (said["workspace"], said["application"], said["tier"]) == (platform.workspace, platform.application, "seed")
    assert known["key"] == f"trellis:{platform.workspace}/{platform.application}"
    assert platform.token not in litellm.logged(until="HTTP/1.1")


def test_without_trellis_nobodys_token_is_blamed(
    litellm: Front, trellis: tuple[str, ExitStack], bearer: dict[str, str], received: list[Received]
) -> None:
    trellis[1].close()
    reply = litellm.call("POST", CHAT, {**bearer, **JSON}, chat("gpt-4o-mini"))
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert received == []
