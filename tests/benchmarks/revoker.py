"""A process that revokes the tokens whose texts it reads, one a line, and tells when each commit was done."""

import sys
import time

import django


def main() -> None:
    django.setup()
    from django.conf import settings

    from accounts.audit import Task
    from tokens import keys
    from tokens.actions.tokens import revoke_token
    from tokens.models import Token

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        digests = keys.digests(line.strip(), settings.TOKEN_KEYS).values()
        token = Token.objects.get(secrets__hash__in=list(digests))
        revoke_token(token=token, reason="Measured.", by=Task("bench"))
        # CLOCK_MONOTONIC is one for all processes of a machine.
        sys.stdout.write(f"{time.monotonic_ns()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
