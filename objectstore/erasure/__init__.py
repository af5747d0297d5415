"""Erasure coding: the codes, and reading the fragments of one object side by side.

Whoever writes fragments is the proxy, whoever rebuilds them the object room; both read.
"""
