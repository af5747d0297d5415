"""What every collection of this room is served with: lists, fields, transactions."""
