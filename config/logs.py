"""Logs on stderr, through structlog: one JSON line an event, or for a terminal a line that people read."""

from typing import Any

import structlog

QUIET = "WARNING"
OWN = ("accounts", "tiers", "tokens", "config")


def configuration(*, readable: bool) -> dict[str, Any]:
    """Django's LOGGING. Sets structlog up as well, which must happen once, before the first event."""
    processors: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *processors,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # JSON has no way to say a traceback but as text; the terminal's renderer writes it itself.
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    foreign: list[structlog.typing.Processor] = [*processors, structlog.processors.format_exc_info]
    if readable:
        renderer, foreign = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0), processors
    formatter = {"()": structlog.stdlib.ProcessorFormatter, "processor": renderer, "foreign_pre_chain": foreign}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": QUIET},
        "loggers": {name: {"level": "INFO"} for name in OWN},
    }
