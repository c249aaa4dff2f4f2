"""The steady state: who goes round what, how often, and what no plan can beat. The basis of `roundsman plan`."""
