"""Who may be where: resources, the finishing order that keeps the floor free of deadlock, routes and congestion."""
