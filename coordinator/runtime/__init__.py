"""The shell around the core: clock, inbox, loop, journal, and everything that does I/O for it."""
