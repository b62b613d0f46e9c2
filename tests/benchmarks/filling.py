"""Fills a database with a part of a synthetic platform, and a file with the text of every token of it. A process of its
own, on whatever database its environment names. The first part sets the limits too.

The limits are raised so far that none is reached; the calls are metered as ever."""

import sys

import django

MOST = 6_000_000  # requests a minute
TOLD_EVERY = 100_000  # tokens


def main() -> None:
    django.setup()
    from django.db import connection

    from tests.benchmarks.platforms import GATED
    from tests.jobs import shop
    from tiers.models import Tier
    from tokens.demo import synthetic

    part, tokens = int(sys.argv[1]), int(sys.argv[2])
    if part == 0:
        Tier.objects.update(requests_per_minute=MOST, requests_per_day=2_000_000_000, requests_per_month=2_000_000_000)
        shop.gated_model(GATED)
    synthetic.KEPT_OF = 1
    with open(sys.argv[3], "w") as out:
        for done, texts in synthetic.write(tokens):
            out.writelines(f"{text}\n" for text in texts)
            if done % TOLD_EVERY == 0:
                sys.stderr.write(f"  part {part + 1}: {done:,} of {tokens:,} tokens\n")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
