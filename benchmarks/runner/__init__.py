"""Measures what a query costs: Switchyard, its peers and the limit, in one run."""
