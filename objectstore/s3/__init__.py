"""The S3 face: S3 requests in, Swift v1 requests down the pipeline, and back."""
