"""Request bodies: aws-chunked, hashes, checksums, encryption."""
