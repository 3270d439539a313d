"""One address."""

from django.urls import path

from shop.views import AccountView

urlpatterns = [path("accounts/<name>/", AccountView.as_view())]
