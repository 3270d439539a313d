"""The first tables."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Accounts."""

    initial = True
    dependencies: ClassVar[list[Any]] = []
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        verbose_name="ID", primary_key=True, serialize=False, auto_created=True
                    ),
                ),
                (
                    "customer_id",
                    models.CharField(
                        max_length=64, null=True, blank=True, unique=True, editable=False
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("email", models.EmailField(max_length=254)),
            ],
        ),
    ]
