"""The control room: REST, WebSocket, metrics and the dashboard, beside gRPC and from the same picture."""
