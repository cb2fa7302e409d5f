"""The masks of the data classes, by what is masked (security.md)."""

from crm.look.masks import mask_account as account
from crm.look.masks import mask_address as address
from crm.look.masks import mask_id as document
from crm.look.masks import mask_mobile as mobile
from crm.look.masks import mask_name as name

__all__ = ["account", "address", "document", "mobile", "name"]
