"""Reads that span models: My book, Today, the customer's page. Every one starts from `visible_to`."""
