"""The pages, one file a subject: what is asked, and what is shown of it."""
