from django.urls import include, path

from tokens.views import imports, review, review_decisions, review_figures, review_handling, review_terms, saved_views

app_name = "review"
urlpatterns = [
    path("", review.queue, name="queue"),
    path("figures/", review_figures.index, name="figures"),
    path("rules/", include("tokens.urls.review_rules")),
    path("live/", review.live, name="live"),
    path("next/", review.following, name="next"),
    path("views/", saved_views.index, name="views"),
    path("views/<slug:public_id>/", saved_views.edit, name="view"),
    path("views/<slug:public_id>/remove/", saved_views.remove, name="view_remove"),
    path("terms/", review_terms.terms, name="terms"),
    path("groups/", review_terms.groups, name="groups"),
    path("groups/<slug:public_id>/", review_terms.group, name="group"),
    path("groups/<slug:public_id>/remove/", review_terms.remove_group, name="remove_group"),
    path("imports/", imports.index, name="imports"),
    path("imports/new/", imports.new, name="import_new"),
    path("imports/<slug:public_id>/", imports.detail, name="import"),
    path("imports/<slug:public_id>/file/", imports.upload, name="import_file"),
    path("imports/<slug:public_id>/edit/", imports.edit, name="import_edit"),
    path("imports/<slug:public_id>/want/", imports.want, name="import_want"),
    path("imports/<slug:public_id>/rotate/", imports.rotate, name="import_rotate"),
    path("imports/<slug:public_id>/retire/", imports.retire, name="import_retire"),
    path("imports/<slug:public_id>/<slug:issue_id>/", imports.issue, name="import_issue"),
    path("<slug:public_id>/", review.one, name="detail"),
    path("<slug:public_id>/decide/", review_decisions.decide, name="decide"),
    path("<slug:public_id>/claim/", review_handling.claim, name="claim"),
    path("<slug:public_id>/release/", review_handling.release, name="release"),
    path("<slug:public_id>/take-over/", review_handling.take_over, name="take_over"),
    path("<slug:public_id>/assign/", review_handling.assign, name="assign"),
    path("<slug:public_id>/snooze/", review_handling.snooze, name="snooze"),
    path("<slug:public_id>/wake/", review_handling.wake, name="wake"),
    path("<slug:public_id>/remark/", review_handling.remark, name="remark"),
]
