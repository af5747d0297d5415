"""HTTP/1.1 on sockets, shared by the edge (``kernel.wsgi``) and the client pool.

One idea a file: a stream is a socket that waits with a deadline; a head is
parsed whole by llhttp; a body is read as its framing says; a reply is written
with its promise of length kept.
"""
