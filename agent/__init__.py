"""The robot side: knows only the wire."""
