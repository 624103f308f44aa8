"""Missing links, measured: is what is hidden found, and is a clear market clearer than none."""
