"""Work that goes on after any crash: jobs, who does them, and sagas."""
