"""The gRPC services, and the codec between wire and model."""
