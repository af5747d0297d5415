"""The parts of ``middleware.identity``: who a Keystone token makes somebody here, how
EC2 keys are found.  The filter itself is ``middleware.identity``."""
