"""What can be wrong with a map, said so that the person who wrote it can mend it."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_COUNT = 200


@dataclass(frozen=True, slots=True)
class MapProblem:
    """
    One broken rule.

    Attributes:
        line: Line of the file, from 1; 0 where the problem has no line.
        where: The thing, as a dotted path of keys ("nodes.pump-1.at"); "map" for the whole file.
        message: The value and the rule it breaks.
    """

    line: int
    where: str
    message: str


class MapError(ValueError):
    """The map is refused whole; `problems` says why, in the order of the file, and is never empty."""

    def __init__(self, source: str, problems: tuple[MapProblem, ...]) -> None:
        lines = [f"{source}:{item.line}: {item.where}: {item.message}" for item in problems[:SHOWN_COUNT]]
        if len(problems) > SHOWN_COUNT:
            lines.append(f"{source}: {len(problems) - SHOWN_COUNT} more problems")
        super().__init__("\n".join(lines))
        self.source = source
        self.problems = problems
