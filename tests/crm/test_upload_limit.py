"""A photo of 40 MB: a clear answer, nothing read, nothing saved."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from customers.models import Interaction

pytestmark = pytest.mark.django_db


def test_a_body_that_is_too_large_is_refused_unread(as_user, manager, customer):
    url = reverse("customers:log_contact", args=[customer.public_id])
    answer = as_user(manager.user).generic(
        "POST", url, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(40 * 1024 * 1024)
    )
    assert answer.status_code == 413
    assert "20 MB" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_that_no_form_asks_for_changes_nothing(as_user, manager, customer):
    url = reverse("customers:log_contact", args=[customer.public_id])
    photo = SimpleUploadedFile("a.jpg", b"\xff\xd8" + b"0" * 5000, content_type="image/jpeg")
    assert as_user(manager.user).post(url, {"photo": photo}).status_code == 422
    assert not Interaction.objects.exists()
