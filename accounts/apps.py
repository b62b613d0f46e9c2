from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import sweeps  # noqa: F401  It notes when a periodic task has ended.
