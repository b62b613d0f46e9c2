"""The worst hour: the worker is killed, Redis is emptied, somebody buys, and the very next call is allowed."""

import httpx
import openai
import pytest
import redis
from django.conf import settings

from tests import factories
from tests.fixtures.workers import kill, worker
from tests.jobs import shop
from tests.journeys.conftest import Edge
from tiers.models import Order

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]
HELLO = [{"role": "user", "content": "Hello"}]


def deliver(edge: Edge, message_id: str, body: bytes) -> int:
    headers = shop.signed(message_id, body)
    return httpx.post(edge.trellis + shop.PATH, content=body, headers=headers, timeout=90).status_code


def test_what_was_paid_for_works_in_the_next_call_with_no_worker_and_an_empty_redis(accel: Edge) -> None:
    shop.open_shop()
    token = factories.token()
    workspace = token.token.application.workspace
    model = shop.gated_model()
    product = shop.product(model)
    client = accel.client(token.text, default_headers={"X-Model": model.name})
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model=model.name, messages=HELLO)
    assert refused.value.status_code == 402

    with worker("--pool", "solo") as process:
        kill(process)
    emptying = redis.Redis.from_url(settings.REDIS_URL)
    emptying.flushdb()
    emptying.close()

    paid = shop.message("order.paid", workspace, product, order="ord_worst")
    assert deliver(accel, *paid) == 200
    assert client.chat.completions.create(model=model.name, messages=HELLO)

    # The same again changes nothing; money given back closes it in the next call.
    assert deliver(accel, *paid) == 200
    back = shop.message("order.refunded", workspace, product, order="ord_worst", refund={"id": "re_1", "amount": 500})
    assert deliver(accel, *back) == 200
    with pytest.raises(openai.APIStatusError) as closed:
        client.chat.completions.create(model=model.name, messages=HELLO)
    assert closed.value.status_code == 402
    assert Order.objects.get(reference="ord_worst").state == "refunded"
