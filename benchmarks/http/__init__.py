"""Load of the HTTP service beside a bare FastAPI route over the same vectors."""
