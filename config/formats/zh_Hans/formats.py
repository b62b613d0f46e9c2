"""Numbers as they are printed in Chinese: Django's own format for it writes ten million without any separator."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
