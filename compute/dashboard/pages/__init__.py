"""The pages, a room for each subject: what is asked, and what is shown of it."""
