"""What Roundsman costs and how fast it is, beside named peers, in one run: `python -m benchmarks.NAME`."""
