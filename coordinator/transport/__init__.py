"""The wire: gRPC services that turn messages into events and effects into messages, and decide nothing."""
