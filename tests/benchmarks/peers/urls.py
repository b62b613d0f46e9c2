"""One address a peer. A good credential is answered 200, another 401 or 403."""

from django.urls import path
from knox.auth import TokenAuthentication
from oauth2_provider.views import IntrospectTokenView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey


class OfAPIKey(APIView):
    permission_classes = [HasAPIKey]

    def get(self, request: Request) -> Response:
        return Response({"allow": True})


class OfKnox(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({"allow": True})


urlpatterns = [
    path("drf-api-key", OfAPIKey.as_view()),
    path("knox", OfKnox.as_view()),
    path("introspect", IntrospectTokenView.as_view()),
]
