"""A group of settings as a frozen value whose fields carry what the table of settings needs.

Type checkers see a dataclass. Fifteen real ones would cost every command seven milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NoReturn, TypeVar, cast, dataclass_transform

from poolmgr.core.settings_kinds import Kind
from poolmgr.core.settings_values import Value

T = TypeVar("T")


class Field:
    """What a section says about one of its settings, or about a section within it."""

    __slots__ = ("default", "doc", "factory", "in_effect", "kind", "needs_trust")

    def __init__(self, *, in_effect: bool) -> None:
        self.in_effect = in_effect
        self.needs_trust = False
        self.default: Value = None
        self.doc = ""
        self.kind: Kind | None = None
        self.factory: type[Section] | None = None


def setting(*, default: T, kind: Kind, doc: str, needs_trust: bool = False, in_effect: bool = True) -> T:
    """A field that is a setting."""
    field = Field(in_effect=in_effect)
    field.default, field.kind, field.doc, field.needs_trust = cast("Value", default), kind, doc, needs_trust
    return cast("T", field)


def section(*, factory: type[T], in_effect: bool = True) -> T:
    """A field that is a group of settings."""
    field = Field(in_effect=in_effect)
    field.factory = cast("type[Section]", factory)
    return cast("T", field)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting, section))
class Section:
    """A group of settings."""

    fields: ClassVar[Mapping[str, Field]] = {}

    def __init_subclass__(cls) -> None:
        cls.fields = {name: field for name, field in vars(cls).items() if isinstance(field, Field)}

    def __init__(self, **given: object) -> None:
        if unknown := given.keys() - self.fields:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for name, field in self.fields.items():
            by_default = field.factory() if field.factory else field.default
            self.__dict__[name] = given.get(name, by_default)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
        )
