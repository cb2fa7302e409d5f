"""Signing in, staying in and coming back: allauth, axes and the bank's limits (docs/security.md, G14 to G16).

Views that reveal, export or approve take one line: `@recently_authenticated`.
"""

from crm.signin.recent import recently_authenticated

__all__ = ["recently_authenticated"]
