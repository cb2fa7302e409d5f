"""The product's addresses and the style guide, which exists only when DEBUG."""

from django.urls import path

from crm.styleguide import styleguide
from crm.urls import urlpatterns as product

urlpatterns = [*product, path("styleguide/", styleguide)]
