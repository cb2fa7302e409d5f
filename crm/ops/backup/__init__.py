"""Backup and restore around pg_dump and pg_restore, with a manifest that tells whether all came back."""
