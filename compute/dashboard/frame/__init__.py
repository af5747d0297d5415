"""The frame of every page: sessions, forms, headers, routes, templates."""
