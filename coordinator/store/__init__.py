"""The journal and the observations, durable."""
