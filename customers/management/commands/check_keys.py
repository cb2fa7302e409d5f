"""check_keys: does the key file open what the database holds? For after a restore."""

from django.core.management.base import BaseCommand, CommandError

from crm.secrets import SecretError
from customers.services.rotation import SAMPLE, sample_opened, unknown_masters


class Command(BaseCommand):
    help = "Open a sample of the encrypted values with the key file; every master key in use must be in it."

    def add_arguments(self, parser):
        parser.add_argument("--sample", type=int, default=SAMPLE, help="customers whose values are opened")

    def handle(self, *, sample: int, **options):
        try:
            if unknown := unknown_masters():
                raise CommandError(
                    f"The key file lacks {', '.join(sorted(unknown))}, which the database uses: bring back "
                    "the version of the file that belongs to this backup."
                )
            customers, values = sample_opened(sample)
        except SecretError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{values:,} values of {customers:,} customers opened, each found by its hash.")
