"""What changes between two builds, kept in SQL, the sequence of changes that replicas follow, and what the service keeps."""
