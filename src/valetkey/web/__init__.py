"""The HTTP edge: the API, the issuer endpoints, and the fetching of issuers' keys."""
