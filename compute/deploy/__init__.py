"""Deployment: from a list of machines to a running cloud, and through its life.

Nouns: the *inventory* is the operator's file; the *site* the directory beside it with
secrets, ring builders and the chosen release; a *release* the project and all it needs
as wheels.  What a host should have is its *wish*, what it has its *findings*, what lies
between the *plan*, a list of *changes*.  ``doc/deployment.md`` is the operator's page,
``doc/decisions/0061`` says why it is built so.
"""
