"""What every collection of this room is served with: lists, verbs, transactions."""
