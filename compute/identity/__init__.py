"""Who somebody is and what he may do: Keystone's API, version 3."""
