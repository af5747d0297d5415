"""Devices, addresses, routes and tunnels' entries over rtnetlink: read and changed."""
