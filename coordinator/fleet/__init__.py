"""The core: an event and the time in, effects out."""
