"""Tests of the device store."""
