"""Plant traffic: tasks per hour of the product's traffic layer and of three other policies, in one world."""
