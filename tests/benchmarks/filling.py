"""Fills a database with a synthetic platform, and a file with the text of every token of it. A process of its own, on
whatever database its environment names.

The limits are raised so far that none is reached; the calls are metered as ever."""

import sys

import django

MOST = 6_000_000  # requests a minute


def main() -> None:
    django.setup()
    from django.db import connection

    from tests.benchmarks.platforms import GATED
    from tests.jobs import shop
    from tiers.models import Tier
    from tokens.demo import synthetic

    Tier.objects.update(requests_per_minute=MOST, requests_per_day=2_000_000_000, requests_per_month=2_000_000_000)
    shop.gated_model(GATED)
    synthetic.KEPT_OF = 1
    with open(sys.argv[2], "w") as out:
        for _done, texts in synthetic.write(int(sys.argv[1])):
            out.writelines(f"{text}\n" for text in texts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
