"""rotate_keys: a new master key, data keys and second factors put under it, old masters kept while in use."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.audit import record
from crm.secrets import SecretError, keyring
from crm.secrets.keys import write
from crm.signin import factors
from customers.models import CustomerIdentity
from customers.services.rotation import BATCH, masters_in_use, rotate


class Command(BaseCommand):
    help = (
        "Put every customer's key and every second factor under the current master key. Safe to kill: run it "
        "again and it goes on."
    )

    def add_arguments(self, parser):
        parser.add_argument("--new", action="store_true", help="make a new master key in the key file first")
        parser.add_argument("--retire", action="store_true", help="take masters that nothing uses out of it")
        parser.add_argument("--batch", type=int, default=BATCH, help="rows that commit together")

    def handle(self, *, new: bool, retire: bool, batch: int, **options):
        path = Path(settings.SECRET_KEYS_FILE)
        if (new or retire) and not path.is_file():
            raise CommandError(f"There is no key file {path}: restore it from its backup.")
        try:
            if new:
                write(keyring().with_new_master(), path)
                self.stdout.write(f"{path} has the new master key {keyring().current}: back the file up now.")
            record(None, "rotate_keys", detail={"master": keyring().current})
            self._rotate(batch)
        except SecretError as error:
            raise CommandError(str(error)) from None
        used = masters_in_use() | factors.masters_in_use() | {keyring().current}
        unused = set(keyring().masters) - used
        if retire and unused:
            write(keyring().without(unused), path)
            self.stdout.write(f"Retired: {', '.join(sorted(unused))}. Older backups need them: keep a copy.")
        elif unused:
            self.stdout.write(f"Nothing uses {', '.join(sorted(unused))}: --retire takes them out.")

    def _rotate(self, batch: int) -> None:
        total = CustomerIdentity.objects.filter(wrapped_key__isnull=False).count()
        looked = wrapped = 0
        for looked, wrapped in rotate(batch):
            self.stdout.write(f"{looked:,} of {total:,} looked at, {wrapped:,} wrapped anew")
        self.stdout.write(f"Every key is wrapped by {keyring().current} ({wrapped:,} of {looked:,} changed).")
        looked, written = factors.rotate()
        self.stdout.write(f"Second factors lie under it too ({written:,} of {looked:,} changed).")
