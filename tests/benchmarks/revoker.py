"""A process that revokes the tokens whose ids it reads, one a line, and tells when each commit was done."""

import sys
import time

import django


def main() -> None:
    django.setup()
    from accounts.audit import Task
    from tokens.actions.tokens import revoke_token
    from tokens.models import Token

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        token = Token.objects.get(public_id=line.strip())
        revoke_token(token=token, reason="Measured.", by=Task("bench"))
        # CLOCK_MONOTONIC is one for all processes of a machine.
        sys.stdout.write(f"{time.monotonic_ns()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
