"""Django's admin with the list of access requests that a team would write: the columns, filters and search of the
queue, and no query a row."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path

from config.urls import urlpatterns as of_the_site
from tokens.models import AccessRequest, RequestState
from tokens.models.signals import Signal, SignalState


class Requests(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("application", "applicant", "domains", "tier", "model", "state", "due_at", "claimed_by", "warned")
    list_select_related = ("application", "applicant", "tier", "model", "claimed_by")
    list_filter = ("state", "tier", "language")
    search_fields = ("application__name", "applicant__name", "application__domains__host")
    ordering = ("due_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessRequest]:
        bad = Signal.objects.filter(access_request=OuterRef("pk"), state=SignalState.BAD)
        waiting = super().get_queryset(request).filter(state__in=[RequestState.SUBMITTED, RequestState.IN_REVIEW])
        return waiting.filter(snoozed_at=None).annotate(bad=Exists(bad)).prefetch_related("application__domains")

    def domains(self, row: AccessRequest) -> str:
        return ", ".join(domain.host for domain in row.application.domains.all())

    @admin.display(boolean=True)
    def warned(self, row: Any) -> bool:
        return not row.bad

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Site(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return True


site = Site()
site.register(AccessRequest, Requests)
urlpatterns: list[URLPattern | URLResolver] = [path("admin/", site.urls), *of_the_site]
