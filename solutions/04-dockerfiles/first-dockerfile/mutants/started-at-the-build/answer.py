# Nothing is built: it would never end.
