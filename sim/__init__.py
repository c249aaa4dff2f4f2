"""The simulated plant: robots, sensors, people, doors and the 5G network."""
