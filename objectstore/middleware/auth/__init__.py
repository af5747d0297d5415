"""The parts of tempauth: users (settings lines), tokens, ACLs, rules (who may what)
and grant (the token endpoint).  The filter itself is ``middleware.tempauth``."""
