"""An observer that remembers alarms."""

from attrs import define, field

from xl2.ports import Alarm, AlarmKind, Unobserved


@define
class Heard(Unobserved):
    """What a person would be told."""

    alarms: list[Alarm] = field(factory=list)

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)

    def of(self, kind: AlarmKind) -> list[Alarm]:
        return [one for one in self.alarms if one.kind is kind]
