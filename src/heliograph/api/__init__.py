"""The HTTP edge: `/v1` for servers with a secret key, `/v1/public` for pages, and the pages that explain both."""
