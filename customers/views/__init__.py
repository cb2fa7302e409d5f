"""Pages of the records. Every view narrows by `visible_to` first: what is not yours is a 404."""
