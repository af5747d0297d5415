"""One host: its guests, their disks and consoles, and the jobs that change them."""
