"""The agent of a host: haproxy processes as its view says.  It knows no database."""
