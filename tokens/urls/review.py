from django.urls import path

from tokens.views import review, review_decisions, review_handling

app_name = "review"
urlpatterns = [
    path("", review.queue, name="queue"),
    path("<slug:public_id>/", review.one, name="detail"),
    path("<slug:public_id>/decide/", review_decisions.decide, name="decide"),
    path("<slug:public_id>/claim/", review_handling.claim, name="claim"),
    path("<slug:public_id>/release/", review_handling.release, name="release"),
    path("<slug:public_id>/remark/", review_handling.remark, name="remark"),
]
