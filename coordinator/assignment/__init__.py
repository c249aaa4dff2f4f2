"""Who inspects what, and when. Revisit periods drive it."""
