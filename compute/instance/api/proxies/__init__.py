"""Images, networks, groups, floating addresses and volumes as 2.35 and before had them
in this API: each call is made to the service that has them, with the caller's token.
"""
