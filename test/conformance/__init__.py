"""The field's own test suites, unmodified, against a cloud of ours.

    python -m test.conformance --help

A suite is a small module in ``suites``: what to install, how the cloud is to be, how
the suite is configured and run.  What may fail is in ``exceptions``, each test with its
reason.  doc/conformance.md has the figures.
"""
