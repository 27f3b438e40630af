"""What a lease may change and read: two lists of globs. No scope at all is a full slot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from poolmgr.core.errors import UsageError

ALL = "all"


class Scope(NamedTuple):
    """What a lease may change, and what it may read besides; `everything`: it may read all."""

    owns: tuple[str, ...]
    sees: tuple[str, ...] = ()
    everything: bool = False

    @property
    def as_json(self) -> dict[str, object]:
        """For programs; `sees` is `all` or a list."""
        return {"owns": list(self.owns), "sees": ALL if self.everything else list(self.sees)}


LENT = "poolmgr acquire"


def parse_scope(
    owns: Iterable[str], sees: Iterable[str], *, command: str = LENT, flag: str = "--scope "
) -> Scope:
    """The two lists as somebody typed them; `all` among what is seen means everything.

    What the refusal names is how they were typed: behind a flag, or as the words of a command.
    """
    wanted = tuple(dict.fromkeys(owns))
    seen = tuple(dict.fromkeys(sees))
    return Scope(
        owns=tuple(checked(glob, flag, f"{command} {flag}") for glob in wanted),
        sees=() if ALL in seen else tuple(checked(glob, "--see ", f"{command} --see ") for glob in seen),
        everything=ALL in seen,
    )


def checked(glob: str, flag: str, command: str) -> str:
    """A glob that can be used; what git would read as something else is refused by name."""
    from tracks.globs import GlobError, parse_glob

    try:
        parse_glob(glob)
    except GlobError as error:
        raise UsageError(f"{flag}{error}", hint=f"{command}'src/login/**'") from error
    return glob


def require_owning(scope: Scope) -> Scope:
    """Refuse a scope that can own nothing: all it says is what it leaves out."""
    if scope.owns and all(glob.startswith("!") for glob in scope.owns):
        raise UsageError(
            f"{', '.join(scope.owns)} only takes away; name what is owned first",
            hint="poolmgr acquire --scope 'src/*' --scope '!src/generated'",
        )
    return scope


def idle_words(scope: Scope | None) -> tuple[str, ...]:
    """What to say of globs that were meant to take something out and do not."""
    if scope is None or not any(glob.startswith("!") for glob in scope.owns):
        return ()
    from tracks.globs import compile_globs
    from tracks.overlap.beyond import idle_globs

    idle = idle_globs(compile_globs(scope.owns))
    return tuple(f"{glob} takes nothing out: below a directory that is matched all is" for glob in idle)


def added(scope: Scope, more: Scope) -> Scope:
    """Both together."""
    everything = scope.everything or more.everything
    return Scope(
        owns=tuple(dict.fromkeys((*scope.owns, *more.owns))),
        sees=() if everything else tuple(dict.fromkeys((*scope.sees, *more.sees))),
        everything=everything,
    )


def dropped(scope: Scope, less: Scope) -> Scope:
    """Without these globs; one that is not there is refused, so that nobody believes it went.

    The last owned glob stays: a slot that owns nothing can do nothing, and one without a scope is full.
    """
    strange = [glob for glob in less.owns if glob not in scope.owns]
    strange += [glob for glob in less.sees if glob not in scope.sees]
    if strange or (less.everything and not scope.everything):
        raise UsageError(
            f"the scope has no {', '.join(strange) or ALL}; it can only be dropped as it was given",
            hint="poolmgr scope show",
        )
    owns = tuple(glob for glob in scope.owns if glob not in less.owns)
    if not owns:
        raise UsageError(
            f"nothing would be left to own without {', '.join(less.owns)}",
            hint="poolmgr scope set GLOB… gives it another scope, poolmgr release gives it back",
        )
    return Scope(
        owns=owns,
        sees=tuple(glob for glob in scope.sees if glob not in less.sees),
        everything=scope.everything and not less.everything,
    )


def gained(old: Scope, new: Scope) -> tuple[str, ...]:
    """The globs by which the new scope may own more.

    All of them when something is no longer left out: a negation went, or stands elsewhere among
    those that stay, for the last glob that matches decides.
    """
    negated = {glob for glob in old.owns if glob.startswith("!")}
    stays = [glob for glob in new.owns if glob in old.owns]
    if negated - set(new.owns) or stays != [glob for glob in old.owns if glob in new.owns]:
        return new.owns
    fresh = set(new.owns) - set(old.owns)
    if all(glob.startswith("!") for glob in fresh):
        return ()
    return tuple(glob for glob in new.owns if glob in fresh or glob.startswith("!"))


def scope_from(values: object) -> Scope | None:
    """A scope from its JSON form; None for anything else."""
    if not isinstance(values, dict):
        return None
    sees = values.get("sees")
    owns, seen = texts_of(values.get("owns")), texts_of([] if sees == ALL else sees)
    return None if owns is None or seen is None else Scope(owns=owns, sees=seen, everything=sees == ALL)


def texts_of(value: object) -> tuple[str, ...] | None:
    """A list of texts; None for anything else."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return None
