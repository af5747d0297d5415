"""How an API is made: routes, schemas, versions, pages, errors in its dialect."""
