from django.apps import AppConfig


class TiersConfig(AppConfig):
    name = "tiers"

    def ready(self) -> None:
        from tiers import announcing  # noqa: F401  It listens.
