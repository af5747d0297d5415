"""What the API's handlers, schemas and views are written with: routes, bodies, replies
by microversion."""
