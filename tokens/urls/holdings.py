from django.urls import path

from tokens.views import holdings

app_name = "holdings"
urlpatterns = [
    path("new/", holdings.new, name="new"),
    path("<slug:public_id>/", holdings.detail, name="detail"),
]
