"""The room's SQL, by subject; nothing else of the room speaks SQL."""
