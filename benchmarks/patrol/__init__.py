"""Uniform patrol on public graphs: the template and the rolling planner beside the classic rules."""
