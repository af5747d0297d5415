"""What each ``Action`` does: every module has its ``ACTIONS``, and the room all."""
