"""URLs of performance."""

from datetime import date

from django.urls import path, register_converter

from performance.views import analysis, branch, brief, customer, nights, scorecards


class DateConverter:
    """`2026-06-30` in an address, a date in the view; anything else is no match."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value):
        return date.fromisoformat(value)

    def to_url(self, value):
        return value if isinstance(value, str) else value.isoformat()


register_converter(DateConverter, "date")

app_name = "performance"
urlpatterns = [
    path("customers/<uuid:public_id>/analysis/", analysis.strip, name="strip"),
    path("customers/<uuid:public_id>/analysis/<slug:p>/", analysis.explain, name="explain"),
    path("customers/<uuid:public_id>/contribution/", customer.contribution, name="contribution"),
    path("customers/<uuid:public_id>/brief/", brief.brief, name="brief"),
    path("customers/<uuid:public_id>/lifecycle/", customer.lifecycle, name="lifecycle"),
    path("customers/<uuid:public_id>/profile/worth/", customer.profile_worth, name="profile_worth"),
    path("branch/", branch.branch_board, name="branch_board"),
    path("branch/cases/<slug:kind>/", branch.board_cases, name="board_cases"),
    path("scorecards/", scorecards.scorecards, name="scorecards"),
    path("scorecards/<uuid:public_id>/", scorecards.scorecard, name="scorecard"),
    path("scorecards/<uuid:public_id>/<slug:code>/", scorecards.indicator, name="indicator"),
    path("my-score/", scorecards.my_scorecard, name="my_scorecard"),
    path("my-score/panel/", scorecards.score_panel, name="score_panel"),
    path("nights/", nights.nights, name="nights"),
    path("nights/start/", nights.night_start, name="night_start"),
    path("nights/<date:day>/", nights.night, name="night"),
    path("nights/<date:day>/progress/", nights.night_progress, name="night_progress"),
]
