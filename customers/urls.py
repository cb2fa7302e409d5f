"""URLs of customers: the manager's day, the book, the customer's page, contacts and tasks."""

from django.urls import path

from customers.views import (
    book,
    contact_feed,
    contact_templates,
    contacts,
    customer,
    feedback,
    home,
    reveal,
    tasks,
    today,
    who_sees,
)

app_name = "customers"
urlpatterns = [
    path("", home.home, name="home"),
    path("today/", today.today, name="today"),
    path("tasks/<uuid:public_id>/done/", tasks.done, name="task_done"),
    path("tasks/<uuid:public_id>/snooze/", tasks.snooze, name="task_snooze"),
    path("tasks/<uuid:public_id>/undo/", tasks.undo, name="task_undo"),
    path("contact/", contacts.pick, name="contact_pick"),
    path("customers/", book.book, name="book"),
    path("customers/<uuid:public_id>/", customer.detail, name="detail"),
    path("customers/<uuid:public_id>/reveal/<slug:field>/", reveal.reveal, name="reveal"),
    path(
        "customers/<uuid:public_id>/reveal/account/<uuid:account>/",
        reveal.reveal,
        {"field": "account"},
        name="reveal_account",
    ),
    path("reveals/", reveal.digest, name="reveals"),
    path("reveals/<uuid:public_id>/grant/", reveal.grant, name="reveal_grant"),
    path("customers/<uuid:public_id>/contact/", contacts.log, name="log_contact"),
    path("customers/<uuid:public_id>/who/", who_sees.who_sees, name="who_sees"),
    path("customers/<uuid:public_id>/contacts/", contact_feed.feed, name="contacts"),
    path("contacts/<uuid:public_id>/edit/", contact_feed.edit, name="contact_edit"),
    path("contact/templates/", contact_templates.templates, name="contact_templates"),
    path("contact/templates/<uuid:public_id>/", contact_templates.template, name="contact_template"),
    path("feedback/", feedback.queue, name="feedback"),
    path("feedback/<uuid:public_id>/", feedback.judge, name="feedback_judge"),
]
