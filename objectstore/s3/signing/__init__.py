"""Who signed a request: SigV4, SigV2, temporary keys."""
