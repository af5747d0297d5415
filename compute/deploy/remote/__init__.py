"""What runs on the hosts, as root: sent there whole, standard library only.

The program arrives by standard input as a zip file and is never stored.  It answers
requests, a line of JSON each, until its standard input ends.  All that is done to a
host is done in here, so this folder is what to review.  Nothing here runs a shell.
"""
