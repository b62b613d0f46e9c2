#!/usr/bin/env python
"""Django's command line, with the same settings as `make run`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from config.command_line import execute
    except ModuleNotFoundError as error:
        sys.exit(f"trellis: the module {error.name} is not installed: run make, or use .venv/bin/python")
    execute(sys.argv)


if __name__ == "__main__":
    main()
