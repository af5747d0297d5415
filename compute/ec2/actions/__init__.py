"""What each ``Action`` does; a module for each kind of thing, with its ``ACTIONS``."""
