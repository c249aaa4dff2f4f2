"""Reservations, routes and the release of bases."""
