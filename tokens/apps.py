from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "tokens"

    def ready(self) -> None:
        from tokens.actions import leaks  # noqa: F401  It applies what GitHub reports.
