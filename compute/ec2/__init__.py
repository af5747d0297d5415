"""EC2's API upon the other rooms: for boto3, the ``aws`` command and their kin.

A translator that keeps nothing of what other rooms have.  Whoever signed a request gets
a token from identity, and with that token the other rooms are asked, so rights, quotas
and tenancy are theirs.  Ids are made from the rooms' uuids (``ids``), tags are kept
where each room keeps such things (``tagging``).

    frame       the Query protocol: parameters, signatures, XML, errors, pages
    inventory   what the caller's project has, asked for when it is needed
    actions     what each ``Action`` does
    templates   launch templates, which no other room has a place for
    views       how things look in EC2's documents
"""
