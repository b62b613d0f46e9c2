"""Each variable that is missing or malformed stops the start with one line that names it."""

import base64
import stat
from pathlib import Path

import pytest

from config import environment

KEY = base64.b64encode(b"k" * 32).decode()
PRODUCTION = {
    "DEMO": "off",
    "SECRET_KEY": "s" * 50,
    "TOKEN_KEYS": f"2:{KEY},1:{KEY}",
    "ALLOWED_HOSTS": "access.example.com",
    "SITE_URL": "https://access.example.com",
    "DATABASE_URL": "postgresql://trellis:secret@db.example.com/trellis",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
}
STRIPE = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE")
OTHERS = ("PORT", "BIND", "GRANIAN_HOST", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "TRUSTED_PROXY_COUNT")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with none of the project's variables."""
    for name in (*PRODUCTION, *OTHERS, *STRIPE, "OUTGOING_ALLOWED_NETWORKS", "METRICS_TOKEN", "REVIEW_DIGEST_AT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def given(variables: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        variables.setenv(name, value)


def failure(var_dir: Path) -> str:
    with pytest.raises(environment.ConfigurationError) as stopped:
        environment.read(var_dir)
    return str(stopped.value.code)


def test_a_complete_environment_is_read(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(variables, PRODUCTION)
    read = environment.read(tmp_path)
    assert not read.demo
    assert list(read.token_keys) == [2, 1]
    assert read.site_url == "https://access.example.com"
    assert read.allowed_hosts == ["access.example.com"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "TOKEN_KEYS", "ALLOWED_HOSTS", "SITE_URL", "EMAIL_URL"])
def test_nothing_has_an_insecure_default_without_the_demo(
    variables: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    given(variables, {key: value for key, value in PRODUCTION.items() if key != name})
    assert failure(tmp_path).startswith(f"trellis: {name} is not set")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMO", "perhaps"),
        ("SECRET_KEY", "short"),
        ("TOKEN_KEYS", "1:!!!"),
        ("TOKEN_KEYS", f"one:{KEY}"),
        ("TOKEN_KEYS", f"1:{KEY},1:{KEY}"),
        ("TOKEN_KEYS", "1:c2hvcnQ="),
        ("SITE_URL", "access.example.com"),
        ("SITE_URL", "https://access.example.com/below"),
        ("SITE_URL", "https://access.example.com:port"),
        ("DATABASE_URL", "mysql://localhost/trellis"),
        ("DATABASE_URL", "postgresql://host:port/trellis"),
        ("REDIS_URL", "localhost:6379"),
        ("EMAIL_URL", "mail.example.com"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("OUTGOING_ALLOWED_NETWORKS", "10.0.0.0/99"),
        ("METRICS_TOKEN", "short"),
        ("REVIEW_DIGEST_AT", "25:00"),
    ],
)
def test_a_malformed_variable_is_named(variables: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    given(variables, {**PRODUCTION, name: value})
    said = failure(tmp_path)
    assert said.startswith(f"trellis: {name} ")
    assert "\n" not in said


def test_a_database_url_without_a_database_is_named() -> None:
    with pytest.raises(environment.ConfigurationError, match="DATABASE_URL names no database"):
        environment.database("postgresql://localhost")


def test_a_port_that_is_no_number_is_named(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(variables, {"PORT": "http"})
    assert failure(tmp_path).startswith("trellis: PORT ")


def test_a_sign_in_provider_needs_its_secret(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(variables, {**PRODUCTION, "GITHUB_CLIENT_ID": "id"})
    assert failure(tmp_path).startswith("trellis: GITHUB_CLIENT_SECRET is not set")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "STRIPE_WEBHOOK_SECRET is not set, but STRIPE_SECRET_KEY is"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_1"}, "STRIPE_SECRET_KEY is not set, but STRIPE_WEBHOOK_SECRET is"),
        ({"STRIPE_SECRET_KEY": "pk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}, "STRIPE_SECRET_KEY must be"),
        ({"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "sk_test_1"}, "STRIPE_WEBHOOK_SECRET must be"),
        ({"STRIPE_API_BASE": "ftp://api.stripe.com"}, "STRIPE_API_BASE must start with http"),
        ({"STRIPE_API_BASE": "https://api.stripe.com/v1"}, "STRIPE_API_BASE must be an origin"),
        ({"STRIPE_API_BASE": "http://api.example.com"}, "STRIPE_API_BASE must be https"),
    ],
)
def test_stripe_is_set_up_wholly_or_not_at_all(
    variables: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], named: str
) -> None:
    given(variables, {**PRODUCTION, **values})
    assert failure(tmp_path).startswith(f"trellis: {named}")


def test_a_form_may_lead_to_stripes_checkout_where_stripe_is_on(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(variables, PRODUCTION)
    assert environment.read(tmp_path).form_targets == []
    given(variables, {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"})
    assert environment.read(tmp_path).form_targets == ["https://checkout.stripe.com"]
    given(variables, {"STRIPE_API_BASE": "http://127.0.0.1:12111/"})
    assert environment.read(tmp_path).form_targets == ["https://checkout.stripe.com", "http://127.0.0.1:12111"]


def test_a_bare_clone_is_a_demo_on_random_keys_that_last(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = environment.read(tmp_path), environment.read(tmp_path)
    assert first.demo
    assert (first.secret_key, first.token_keys) == (second.secret_key, second.token_keys)
    assert environment.read(tmp_path / "other").secret_key != first.secret_key
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS"])
def test_whatever_names_a_real_site_turns_the_demo_off(
    variables: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    given(variables, {key: value for key, value in PRODUCTION.items() if key != "DEMO"})
    assert not environment.read(tmp_path).demo
    given(variables, dict.fromkeys(PRODUCTION, "") | {name: PRODUCTION[name]})
    variables.delenv("DEMO")
    assert "is not set" in failure(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "https://access.example.com"),
        ("SITE_URL", "http://127.0.0.1.example.com"),
        ("ALLOWED_HOSTS", "localhost,access.example.com"),
        ("ALLOWED_HOSTS", "*"),
        ("BIND", "0.0.0.0"),  # noqa: S104
        ("BIND", "::"),
        ("GRANIAN_HOST", "192.168.1.5"),
    ],
)
def test_a_demo_refuses_to_be_public(variables: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    given(variables, {"DEMO": "on", name: value})
    said = failure(tmp_path)
    assert said.startswith("trellis: DEMO is on, but ")
    assert name in said


def test_a_demo_may_have_any_name_of_this_machine(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(variables, {"DEMO": "on", "SITE_URL": "http://trellis.localhost:9000", "ALLOWED_HOSTS": "trellis.localhost"})
    assert environment.read(tmp_path).site_url == "http://trellis.localhost:9000"
