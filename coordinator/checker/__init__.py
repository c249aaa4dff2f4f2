"""
An independent judge of releases, and of journals.

Computes from the map's geometry which places two robots can't be in at once, folds its own picture of the floor from
records, and looks for a finishing order by its own search. It shares no code with planner, release rule or `apply`:
a bug there must not be a bug here. The core asks it before a release is written; `roundsman journal verify` asks it
about a journal from its first entry on.
"""
