"""The page of every machine interface, written from the OpenAPI document."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import public
from tokens.gateway.faults import FAULTS
from tokens.gateway.openapi import reading
from tokens.gateway.openapi.document import document
from tokens.gateway.reasons import OBTAINS, REASONS, REMEDY_KINDS


@public
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    return render(request, "reference/page.html", _read(settings.SITE_URL))


@cache
def _read(site: str) -> dict[str, Any]:
    """The same for everybody, and as long as the site has this address."""
    found = document()
    return {
        "about": found["info"]["description"].split("\n\n"),
        "sections": reading.sections(found),
        "schemas": reading.schemas(found),
        "schemes": found["components"]["securitySchemes"],
        "reasons": REASONS.values(),
        "remedies": [(kind, means, kind in OBTAINS) for kind, means in REMEDY_KINDS.items()],
        "faults": FAULTS.values(),
    }
