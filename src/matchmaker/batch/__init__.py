"""Bulk scoring: tables of pairs, and every partner's list, in parts that survive the process that makes them."""
