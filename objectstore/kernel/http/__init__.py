"""HTTP/1.1 on sockets, shared by the edge (``kernel.wsgi``) and the client pool.

One idea a file: a patient socket waits with a deadline; a stream is its bytes, those
that were read too far first; a head is parsed whole by llhttp; a body is read as its
framing says; a reply is written with its promise of length kept.
"""
