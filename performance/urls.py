"""URLs of performance."""

app_name = "performance"
urlpatterns = []
