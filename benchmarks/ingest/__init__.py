"""What a frame of telemetry costs the coordinator: `python -m benchmarks.ingest`."""
