"""Joint plans on the multi-agent path finding benchmark."""
