"""Larger work: done in parts on a thread of its own, gone on with after a restart."""
