"""`python -m config.server --host … --port … --workers …`: uvicorn, with what Trellis wants of it. Takes whatever else
uvicorn takes."""

import sys

import uvicorn

OPTIONS = [
    "config.asgi:application",
    "--http=config.asgi:Protocol",
    "--interface=asgi3",
    "--loop=uvloop",
    "--ws=none",
    "--lifespan=off",
    # Whose word counts about a caller's address is for the settings to say.
    "--no-proxy-headers",
    "--no-server-header",
    "--no-access-log",
    "--log-level=error",
    # In seconds. A proxy must be the first to close what is idle, and nginx does after 60.
    "--timeout-keep-alive=75",
    "--timeout-graceful-shutdown=30",
    "--timeout-worker-healthcheck=60",
]

if __name__ == "__main__":
    uvicorn.main([*OPTIONS, *sys.argv[1:]])
