"""Calling HTTP services of the house: in this process or over a socket, alike."""
