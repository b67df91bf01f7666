"""Faults of sent fields that only the store or the currency shows, gathered so that all are told at once."""

from dataclasses import dataclass, field

from lead_pipeline.domain.money import minor_of
from lead_pipeline.errors import FieldsRefused


@dataclass
class Faults:
    """What is wrong so far: `field` and `message` each."""

    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, message: str) -> None:
        """Note that a field is at fault."""
        self.found.append({"field": name, "message": message})

    def amount(self, name: str, text: str | None, currency: str, *, least: int = 0) -> int | None:
        """The minor units of a decimal, None for None. One that is none, or is below `least`, is noted."""
        if text is None:
            return None
        try:
            minor = minor_of(text, currency)
        except ValueError as error:
            self.add(name, str(error))
            return None
        if minor < least:
            self.add(name, "is too small: it must be more than nothing")
        return minor

    def stop(self) -> None:
        """Raises FieldsRefused where anything was noted."""
        if self.found:
            raise FieldsRefused(self.found)
