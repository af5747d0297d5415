"""Objects: GET, HEAD, PUT, POST and DELETE, and what these are made of."""
