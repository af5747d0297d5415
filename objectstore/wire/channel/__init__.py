"""Many calls at once on one connection between two processes.

A request of HTTP for each call costs either side a head to write and to parse, a
greenlet and a connection of its own.  A *channel* is one connection, begun as a
request for another protocol, on which calls and answers go as numbered messages, in
any order; all that one turn of the hub has to send leaves in one system call.

``format``    a message's bytes, and messages cut into pieces
``outbox``    what is to be sent, gathered
``calling``   the side that calls: ``Channel``
``serving``   the side that answers: ``ChannelServer``

Bodies of unknown length, and messages that are longer than a call may be, go by
requests of their own as before, and so does everything to a peer of an earlier version.
``doc/formats-wire.md`` has the protocol.
"""
