"""erase_customer NUMBER: destroy the key of a customer who left long ago (docs/operations.md)."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.audit import record
from customers.models import Customer
from customers.services.erasure import ErasureRefused, erase_customer, refusal


class Command(BaseCommand):
    help = "Erase a customer's personal data for good. Without --yes it only says whether that is allowed."

    def add_arguments(self, parser):
        parser.add_argument("number")
        parser.add_argument("--reason", required=True, help="why, for the audit; no personal data")
        parser.add_argument("--hold", action="store_true", help="he is under a legal hold: always refused")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *, number: str, reason: str, hold: bool, yes: bool, **options):
        customer = Customer.objects.filter(number=number).first()
        if customer is None:
            raise CommandError(f"No customer has the number {number}.")
        as_of = timezone.localdate()
        said = "A legal hold stands: nothing may be erased." if hold else refusal(customer, as_of)
        if said:
            raise CommandError(said)
        if not yes:
            self.stdout.write(f"{number} may be erased. Nothing was changed: run again with --yes.")
            return
        record(None, "erase", subject=customer, detail={"reason": reason})
        try:
            erase_customer(customer, as_of=as_of)
        except ErasureRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{number} is erased: his key is destroyed.")
