"""The way of a mail through the real broker and a real worker."""

import subprocess
import time
from types import SimpleNamespace

import pytest
from django.core.cache import cache

from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest

SECONDS = 60


@pytest.mark.server
def test_a_decision_reaches_the_worker_that_mails_it(
    celery: subprocess.Popen[bytes], submitted: AccessRequest, people: SimpleNamespace
) -> None:
    done = approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    mark = f"mail:{done.pk}:request.approved:{done.version}:{people.applicant.pk}"
    deadline = time.monotonic() + SECONDS
    while not cache.get(mark):
        assert time.monotonic() < deadline, "no worker took the task"
        time.sleep(0.1)
