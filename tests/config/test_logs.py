"""What a log says of a fault, for programs and for a terminal."""

import json
import logging

import pytest

from config import logs


@pytest.mark.parametrize("readable", [False, True])
def test_a_fault_is_logged_with_its_traceback(readable: bool) -> None:
    """Also by loggers that are not structlog's: Django's, Celery's."""
    described = logs.configuration(readable=readable)["formatters"]["line"]
    formatter = described["()"](**{name: value for name, value in described.items() if name != "()"})
    try:
        raise RuntimeError("the reason")
    except RuntimeError as error:
        exc_info = (RuntimeError, error, error.__traceback__)
    record = logging.LogRecord("django.request", logging.ERROR, "here", 1, "It failed", (), exc_info)
    line = formatter.format(record)
    text = line if readable else json.loads(line)["exception"]
    assert "Traceback (most recent call last)" in text
    assert "RuntimeError: the reason" in text
