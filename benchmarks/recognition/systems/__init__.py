"""How to talk to each recogniser. Everything else is the same for all."""
