"""``python -m firth``: the command line."""

from firth.cli import main

if __name__ == "__main__":
    main()
