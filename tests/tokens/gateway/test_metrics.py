"""`GET /metrics`: what it counts, that it loses nothing, and who may read it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from accounts import sweeps
from accounts.models import Workspace
from tests import factories
from tests.fixtures.proxies import trellis
from tests.tokens.gateway.calls import Client, Reply, call
from tiers.actions.alarms import raise_alarm
from tiers.models import AlarmKind
from tiers.tasks import redrive_events
from tokens.actions.gateways import add_gateway
from tokens.gateway import metrics, metrics_page
from tokens.gateway.standing import Standing

pytestmark = pytest.mark.django_db
SOURCES = ("postgresql", "stored_pass", "text")
SECRET = "a secret of the metrics"
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures(reply: Reply) -> Figures:
    assert reply.status == 200, reply.body
    found = text_string_to_metric_families(reply.body.decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in found for one in family.samples}


def of(found: Figures, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Figures]:
    monkeypatch.setattr(metrics_page, "_standing", Standing())
    return lambda: figures(call("GET", "/metrics"))


def test_decisions_are_counted_by_code_and_source(client: Client, read) -> None:
    token, before = factories.token().text, read()
    for _ in range(3):
        assert client.decide(token=token, model="gpt-4o-mini").json["allow"]
    client.decide(token="no token", model="gpt-4o-mini")
    after = read()

    def more(name: str, **labels: str) -> float:
        return of(after, name, **labels) - of(before, name, **labels)

    assert sum(more("trellis_decisions_total", code="ok", source=source) for source in SOURCES) == 3
    assert more("trellis_decisions_total", code="token_malformed", source="text") == 1
    assert sum(more("trellis_decision_seconds_count", source=source) for source in SOURCES) == 4


@pytest.mark.server
@pytest.mark.django_db(transaction=True)
def test_a_server_tells_its_figures_over_http(tmp_path: Path) -> None:
    factories.catalogue()
    key = add_gateway(name="edge", kind="custom", by=factories.administrator()).text
    ask = {"token": factories.token().text, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}
    with trellis(PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "figures")) as port:
        at = f"http://127.0.0.1:{port}"
        for _ in range(5):
            httpx.post(f"{at}/v1/decisions", json=ask, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        answer = httpx.get(f"{at}/metrics", timeout=30)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = figures(Reply(answer.status_code, {}, answer.content))
    assert sum(of(found, "trellis_decisions_total", code="ok", source=source) for source in SOURCES) == 5


def test_each_latency_is_in_its_bucket() -> None:
    for seconds in (0.00005, 0.0001, 0.0002, 0.3, 7.0):
        metrics.note("ok", seconds, source="tried")
    found = figures(call("GET", "/metrics"))
    buckets = {le: of(found, "trellis_decision_seconds_bucket", source="tried", le=le) for le in ("0.0001", "0.00025")}
    assert buckets == {"0.0001": 2, "0.00025": 3}
    assert of(found, "trellis_decision_seconds_bucket", source="tried", le="0.25") == 3
    assert of(found, "trellis_decision_seconds_bucket", source="tried", le="0.5") == 4
    assert of(found, "trellis_decision_seconds_bucket", source="tried", le="+Inf") == 5
    assert of(found, "trellis_decision_seconds_sum", source="tried") == pytest.approx(7.30035)


def test_nothing_is_lost_while_threads_count_and_others_flush() -> None:
    done = threading.Event()

    def move() -> None:
        while not done.is_set():
            metrics.flush()

    def add() -> None:
        for _ in range(20_000):
            metrics.note("ok", 0.001, source="at_once")
            metrics.count(metrics.Event.MISS)

    before = figures(call("GET", "/metrics"))
    movers = [threading.Thread(target=move) for _ in range(2)]
    adders = [threading.Thread(target=add) for _ in range(4)]
    for thread in (*movers, *adders):
        thread.start()
    for thread in adders:
        thread.join()
    done.set()
    for thread in movers:
        thread.join()
    after = figures(call("GET", "/metrics"))
    assert of(after, "trellis_decisions_total", code="ok", source="at_once") == 80_000
    missed = [of(found, "trellis_stored_passes_total", result="miss") for found in (before, after)]
    assert missed[1] - missed[0] == 80_000


def test_a_process_that_has_ended_still_counts() -> None:
    script = (
        "import django; django.setup()\n"
        "from tokens.gateway import metrics\n"
        "metrics.note('ok', 0.001, source='elsewhere'); metrics.flush()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "TEST_DATABASE_NAME": "none"})
    assert of(figures(call("GET", "/metrics")), "trellis_decisions_total", code="ok", source="elsewhere") == 1


def test_a_new_start_forgets_what_has_ended_and_no_other_file(settings, tmp_path: Path) -> None:
    settings.METRICS_DIR = str(tmp_path)
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "histogram_1.db").touch()
    (tmp_path / "mine.db").touch()
    metrics.forget_ended()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.db"]


def test_it_says_how_things_stand(read) -> None:
    factories.person()
    Workspace.objects.update(announced_version=0)
    raise_alarm(AlarmKind.NOT_ANNOUNCED, "redis", "Tried.")
    sweeps.note_end(sender=redrive_events)
    found = read()
    assert of(found, "trellis_up", server="postgresql") == of(found, "trellis_up", server="redis") == 1
    assert of(found, "trellis_unannounced_workspaces") == Workspace.objects.count()
    assert of(found, "trellis_announcement_lag_seconds") > 0
    assert ("trellis_inbox_unhandled_events", frozenset()) in found
    assert of(found, "trellis_open_alarms", kind="not_announced") == 1
    assert of(found, "trellis_sweep_ended_timestamp_seconds", task="tiers.tasks.redrive_events") > 1e9
    assert ("trellis_queued_tasks", frozenset({("queue", "rights")})) in found


def test_a_server_that_is_away_is_named_and_the_rest_is_told(settings, read) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    found = read()
    assert (of(found, "trellis_up", server="redis"), of(found, "trellis_up", server="postgresql")) == (0, 1)


def test_strangers_read_nothing(settings) -> None:
    settings.DEMO = False
    assert call("GET", "/metrics", remote="10.0.0.7").error["code"] == "metrics_local_only"
    assert call("GET", "/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status == 403
    settings.METRICS_TOKEN = SECRET
    assert call("GET", "/metrics").status == 401
    assert call("GET", "/metrics", headers={"Authorization": "Bearer another"}).status == 401
    assert call("POST", "/metrics").status == 405


def test_who_has_the_secret_reads_from_anywhere(settings) -> None:
    settings.DEMO, settings.METRICS_TOKEN = False, SECRET
    given = {"Authorization": f"Bearer {SECRET}", "X-Forwarded-For": "192.0.2.7"}
    assert call("GET", "/metrics", headers=given, remote="10.0.0.7").status == 200
