"""Version 1 of the wire, generated from `proto/roundsman/v1`."""
