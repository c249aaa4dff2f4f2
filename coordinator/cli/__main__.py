"""`python -m coordinator.cli` is `roundsman`."""

from coordinator.cli import main

if __name__ == "__main__":
    main()
