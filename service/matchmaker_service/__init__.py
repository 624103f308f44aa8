"""The HTTP service: recommendations, and everything that keeps an ecosystem up to date, over one store and one bundle."""
