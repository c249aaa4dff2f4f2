"""The coordinator: decides in a pure core, speaks gRPC, keeps a journal."""
