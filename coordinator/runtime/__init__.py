"""The loop around the core: inbox, deadline, handle, perform."""
