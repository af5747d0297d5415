"""The S3 face: pure parts alone, verbs over a proxy on nodes in memory."""
