"""What people and programs send, as JSON. The rules are those of the wire; here they are told to OpenAPI."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """Unknown fields are refused, so that a typing error doesn't act."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewMission(Body):
    """Visit points once."""

    point_ids: list[str] = Field(description="1 to 10,000 points of the plant.", examples=[["P-101A", "V-201"]])
    name: str = Field("", description="For people, at most 100 characters.")
    priority: int = Field(50, ge=0, le=100, description="A higher one is served earlier.")
    deadline_s: float | None = Field(
        None, description="Coordinator's timeline, Unix seconds; it fails with what is open."
    )
    mission_id: str = Field("", description="Empty: the coordinator chooses.")


class WhyOptional(Body):
    """A change that may say why."""

    reason: str = Field("", description="For the audit and for people, at most 200 characters.")


class Why(Body):
    """A change that must say why."""

    reason: str = Field(description="For the audit and for people, 1 to 200 characters.")


class Closure(Why):
    """Close an edge, both directions of a two-way one."""

    for_s: float | None = Field(
        None, description="It opens by itself after this, seconds above 0. Unset: stays closed."
    )


class Nothing(Body):
    """A change without more to say."""


class SomeRobots(WhyOptional):
    """Stop robots."""

    robot_ids: list[str] = Field([], description="Empty: all robots.")


class SomeRobotsWhy(Why):
    """Let robots drive again."""

    robot_ids: list[str] = Field([], description="Empty: all robots.")


class Place(Body):
    """A person has looked: a robot stands at a node. Two steps."""

    node_id: str
    confirm_token: str = Field("", description="Token of the first answer; without it nothing happens yet.")


class Removal(Body):
    """A person has looked: a robot is off the floor. Two steps."""

    confirm_token: str = Field("", description="Token of the first answer; without it nothing happens yet.")


class Acknowledgement(Body):
    """A person has seen an alarm."""

    comment: str = Field("", description="At most 200 characters.")


class Shelving(Body):
    """Hide an alarm for a while."""

    shelve_for_s: float = Field(description="Seconds above 0, at most 604800 (a week).")
    comment: str = Field(description="Why, 1 to 200 characters.")


class Done(BaseModel):
    """What a change did."""

    subject: str = Field(description="What was made or changed.")
    text: str = Field(description="For people.")
    confirm_token: str = Field(
        "", description="If set, nothing was done yet: send the same again with this token within a minute."
    )
