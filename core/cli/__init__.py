"""The command line, a module per group of commands; `core.__main__` puts them together."""
