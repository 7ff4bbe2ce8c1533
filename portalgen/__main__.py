"""`python -m portalgen`."""

from portalgen.cli import main

if __name__ == "__main__":
    main()
