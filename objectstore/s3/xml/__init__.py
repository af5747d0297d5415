"""S3's XML documents, read and written."""
