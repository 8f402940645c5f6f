"""What talks to a Colloque server: the async Python client, the command line, the web page."""
