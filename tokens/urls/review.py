from django.urls import path

from tokens.views import review, review_decisions

app_name = "review"
urlpatterns = [
    path("", review.queue, name="queue"),
    path("<slug:public_id>/", review.one, name="detail"),
    path("<slug:public_id>/decide/", review_decisions.decide, name="decide"),
    path("<slug:public_id>/claim/", review.claim, name="claim"),
    path("<slug:public_id>/release/", review.release, name="release"),
    path("<slug:public_id>/remark/", review.remark, name="remark"),
]
