"""``compute deleted-projects``: what rooms keep of projects that are no more.

Identity forgets a project at once and asks nobody; rooms keep what is a project's until
somebody deletes it, as the field's services do.  When the project is gone, nobody
can be given a token of it: the operator finds its things here, and has them deleted by
the rooms' public APIs, with all that they check (decision 83).
"""
