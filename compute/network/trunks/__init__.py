"""Trunks: ports whose guests send and hear the frames of other ports, tagged."""
