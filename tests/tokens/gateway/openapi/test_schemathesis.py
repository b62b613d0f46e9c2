"""The real server keeps what its document promises, whatever it is sent.

The same calls each time: what fails has been changed, and fails again. `FUZZ_SEED` and `FUZZ_EXAMPLES` try others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import factories
from tests.fixtures import proxies
from tests.fixtures.proxies import CLONE
from tokens.actions.gateways import add_gateway
from tokens.models import GatewayScope

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
SEED, EXAMPLES = os.environ.get("FUZZ_SEED", "1"), os.environ.get("FUZZ_EXAMPLES", "25")
NUMBER_OF_TOKENS = 40
CONFIGURATION = CLONE / "tests" / "tokens" / "gateway" / "openapi" / "schemathesis.toml"
# On forward-auth all methods are one.
LIKE_OTHERS = "forwardAuth(Path)?(Put|Patch|Delete|Options|Trace)"
OPTIONS = ["--phases", "examples,coverage,fuzzing", "--exclude-operation-id-regex", LIKE_OTHERS]
REPEATABLE = ["--seed", SEED, "--max-examples", EXAMPLES, "--generation-database", "none", "--no-color"]


def test_no_call_gets_an_answer_that_is_not_documented(tmp_path: Path) -> None:
    factories.catalogue()
    scopes = list(GatewayScope.values)
    key = add_gateway(name="edge", kind="custom", scopes=scopes, by=factories.administrator()).text
    application = factories.application()
    tokens = [factories.token(application, name=f"t{number}").text for number in range(NUMBER_OF_TOKENS)]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.tokens.gateway.openapi.hooks", "PYTHONPATH": str(CLONE)}
    environment = {**os.environ, **hooks, "FUZZED_GATEWAY_KEY": key, "FUZZED_TOKENS": " ".join(tokens)}
    with proxies.trellis() as port:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run", *OPTIONS]
        command += [*REPEATABLE, f"http://127.0.0.1:{port}/openapi.json"]
        tried = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr
