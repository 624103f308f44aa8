"""Speed and memory of bulk scoring, beside bare FAISS searches in the same run."""
