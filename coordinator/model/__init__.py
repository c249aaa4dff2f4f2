"""The domain's words: ids, geometry, robots, routes, missions, observations, events, records and effects."""
