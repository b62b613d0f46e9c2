from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "tokens"

    def ready(self) -> None:
        from tokens.actions import issue_forms, leaks  # noqa: F401  They apply what GitHub reports.
