"""What must survive: the journal of entries, and large results by content. It knows bytes only."""
