"""Who may be where, and when: resources, the finishing order that keeps the floor free of deadlock, routes, times."""
