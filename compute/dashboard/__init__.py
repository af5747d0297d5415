"""The dashboard: the cloud in a browser, a face on the rooms' public APIs."""
