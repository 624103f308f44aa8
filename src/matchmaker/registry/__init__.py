"""Immutable model bundles: written whole or not at all, checked before they answer."""
