from django.urls import path

from tokens.views import review, review_decisions, review_figures, review_handling, review_terms

app_name = "review"
urlpatterns = [
    path("", review.queue, name="queue"),
    path("figures/", review_figures.index, name="figures"),
    path("terms/", review_terms.terms, name="terms"),
    path("groups/", review_terms.groups, name="groups"),
    path("groups/<slug:public_id>/", review_terms.group, name="group"),
    path("groups/<slug:public_id>/remove/", review_terms.remove_group, name="remove_group"),
    path("<slug:public_id>/", review.one, name="detail"),
    path("<slug:public_id>/decide/", review_decisions.decide, name="decide"),
    path("<slug:public_id>/claim/", review_handling.claim, name="claim"),
    path("<slug:public_id>/release/", review_handling.release, name="release"),
    path("<slug:public_id>/remark/", review_handling.remark, name="remark"),
]
