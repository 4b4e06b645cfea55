"""`python -m nde`: the command line."""

from nde.cli.entry import main

if __name__ == "__main__":
    main()
