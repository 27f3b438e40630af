"""The shell script that git runs under every hook's name in a slot.

Written for dash. The repository's own hook comes first, with its arguments and its standard input,
and may refuse first; then the guard. Whatever of poolmgr is missing or broken, a commit passes.
Variables are prefixed: one that the user exports would reach the chained hooks changed.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from isolation.guards.rule import RAW

HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "p4-changelist", "p4-post-changelist",
    "p4-pre-submit", "p4-prepare-changelist", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-receive", "post-rewrite", "post-update",
    "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase",
    "pre-receive", "prepare-commit-msg", "proc-receive", "push-to-checkout", "reference-transaction",
    "sendemail-validate", "update",
)  # fmt: skip
# Run so often that an empty one is felt in a rebase: only there while there is something to chain to.
FREQUENT = ("post-commit", "post-index-change", "prepare-commit-msg")
OURS = "poolmgr-hooks"
MARK = b"#!/bin/sh\n# poolmgr: the repository's own hook, then the guard of this worktree alone."
END = b"\n# poolmgr: end\n"
HERE = Path(__file__).parent


def dispatcher(python: str) -> bytes:
    """The script, with the interpreter that runs the guard."""
    script = SCRIPT.replace("@PYTHON@", shlex.quote(python)).replace("@RAW@", " ".join(RAW))
    return os.fsencode(script.replace("@GUARDS@", shlex.quote(os.fspath(HERE))))


SCRIPT = r"""#!/bin/sh
# poolmgr: the repository's own hook, then the guard of this worktree alone. Made by poolmgr, put
# back when it is changed, gone with the pool.
_pm_python=@PYTHON@
_pm_guards=@GUARDS@
_pm_here=${0%/*}
_pm_admin=${_pm_here%/*}
_pm_name=${0##*/}
_pm_name=${_pm_name%.legacy} # tools that install over us rename us, and run us
_pm_name=${_pm_name%.old}
_pm_newline='
'
_pm_raw='@RAW@'

# Where the repository's own hooks are: remembered as long as git's settings stay as they were.
_pm_own='' _pm_known=''
[ ! -f "$_pm_here/.chain" ] || . "$_pm_here/.chain"
if [ -z "$_pm_known" ] && [ -x "$_pm_python" ] && [ -f "$_pm_guards/chain.py" ]; then
    # In a shell of its own, which keeps to itself what became of an interpreter that was killed.
    ("$_pm_python" -I -S "$_pm_guards/chain.py" "$_pm_admin" "$_pm_python" || exit) </dev/null >/dev/null 2>&1
    [ ! -f "$_pm_here/.chain" ] || . "$_pm_here/.chain"
fi
if [ "$_pm_known" != 1 ]; then
    _pm_own=''
    IFS= read -r _pm_common <"$_pm_admin/commondir"
    case $_pm_common in /*) ;; *) _pm_common=$(cd "$_pm_admin/$_pm_common" && pwd) ;; esac
    _pm_tab=$(printf '\t')
    while IFS=$_pm_tab read -r _pm_scope _pm_value; do
        case $_pm_scope in system | global | local) _pm_own=$_pm_value ;; esac
    done <<END
$(git config --show-scope --type=path --get-all core.hooksPath 2>/dev/null)
END
    case $_pm_own in
    '' | */poolmgr-hooks) _pm_own=$_pm_common/hooks ;;
    /*) ;;
    *) if [ -d "$PWD/$_pm_own" ]; then _pm_own=$PWD/$_pm_own; else _pm_own=${_pm_common%/.git}/$_pm_own; fi ;;
    esac
fi
_pm_chained=$_pm_own/$_pm_name
[ -f "$_pm_chained" ] && [ -x "$_pm_chained" ] || _pm_chained=''
_pm_inside=$_pm_here/inside/$_pm_name # what a tool installed from inside this worktree
[ -f "$_pm_inside" ] && [ -x "$_pm_inside" ] || _pm_inside=''

_pm_scoped() { # the lease lasts: its mark goes first
    grep -q '"scope": {' "$_pm_admin/poolmgr.json" 2>/dev/null
}

# A worktree made from inside this one has a copy of its settings: the guard is not for it.
_pm_guard='' _pm_facts='' _pm_revoked=''
case $_pm_name:$1 in
pre-commit:* | pre-merge-commit:* | reference-transaction:prepared)
    if [ "$GIT_DIR" -ef "$_pm_admin" ]; then
        if [ -f "$_pm_admin/poolmgr-guard.json" ] || _pm_scoped; then # somebody may have removed the facts
            _pm_guard=1 _pm_facts=1
        fi
        [ ! -e "$_pm_admin/revoked" ] || _pm_guard=1 _pm_revoked=1
    fi
    ;;
esac

if [ -z "$_pm_guard" ]; then
    [ -n "$_pm_chained$_pm_inside" ] || exit 0
    [ -n "$_pm_inside" ] || exec "$_pm_chained" "$@"
    [ -n "$_pm_chained" ] || exec "$_pm_inside" "$@"
fi

_pm_fed='' _pm_input=''
case $_pm_name in
reference-transaction | pre-push | post-rewrite | pre-receive | post-receive)
    _pm_fed=1
    for _pm_line in 1 2 3 4; do # most have one or two lines, and another process costs as much as we do
        IFS= read -r _pm_line || { _pm_fed=2; break; }
        _pm_input=$_pm_input$_pm_line$_pm_newline
    done
    if [ "$_pm_fed" = 1 ]; then
        _pm_line=$(cat)
        _pm_input=$_pm_input$_pm_line${_pm_line:+$_pm_newline}
    fi
    ;;
esac

_pm_run() {
    if [ -n "$_pm_fed" ]; then printf '%s' "$_pm_input" | "$@"; else "$@"; fi
}

_pm_refuse_revoked() {
    printf '%s%s\n' 'poolmgr: refused: the lease of this worktree was taken back, so nothing is committed ' \
        'from here any more; what was here then is kept, see `poolmgr rescue list`' >&2
    exit 1
}

_pm_judge() {
    _pm_words='' _pm_code=127
    if [ -x "$_pm_python" ] && [ -f "$_pm_guards/check.py" ]; then
        _pm_words=$(
            exec 2>&1
            printf '%s' "$_pm_input" |
                "$_pm_python" -I -S "$_pm_guards/check.py" "$_pm_name" "$_pm_admin" "$PPID" "$@" || exit
        )
        _pm_code=$?
    fi
    case $_pm_code in
    0) [ -z "$_pm_words" ] || printf '%s\n' "$_pm_words" >&2 ;;
    10)
        printf '%s\n' "$_pm_words" >&2
        exit 1
        ;;
    *)
        _pm_pid='' _pm_what=''
        [ ! -f "$_pm_here/.judged" ] || read -r _pm_pid _pm_what <"$_pm_here/.judged"
        [ "$_pm_pid:$_pm_what" != "$PPID:warned" ] || return 0
        _pm_why='poolmgr does not run from here any more; `poolmgr release` will check'
        if [ "$_pm_code" = 11 ]; then
            _pm_why='it was given back meanwhile; `poolmgr acquire` lends one'
            ! _pm_scoped || _pm_why='its rules cannot be read; `poolmgr scope verify` writes them anew'
        fi
        printf '%s%s\n' 'poolmgr: warning: not checked against the scope of this slot, because ' \
            "$_pm_why" >&2
        { echo "$PPID warned" >"$_pm_here/.judged"; } 2>/dev/null
        ;;
    esac
}

case $_pm_name in
reference-transaction)
    if [ -n "$_pm_revoked" ]; then
        case $_pm_input in *' refs/heads/'* | *" HEAD$_pm_newline"*) _pm_refuse_revoked ;; esac
    fi
    ;;
pre-commit | pre-merge-commit)
    [ -z "$_pm_revoked" ] || _pm_refuse_revoked
    if [ -n "$_pm_facts" ] && [ -n "$_pm_chained$_pm_inside" ]; then
        git --no-replace-objects diff-index --cached $_pm_raw HEAD -- >"$_pm_here/.before" 2>/dev/null
    fi
    ;;
esac

[ -z "$_pm_chained" ] || _pm_run "$_pm_chained" "$@" || exit $?
[ -z "$_pm_inside" ] || _pm_run "$_pm_inside" "$@" || exit $?
[ -n "$_pm_facts" ] || exit 0

case $_pm_name in
pre-commit | pre-merge-commit)
    _pm_judge ${_pm_chained:+chained} ${_pm_inside:+chained}
    ;;
reference-transaction)
    case $_pm_input in *' refs/heads/'*) ;; *) exit 0 ;; esac
    # A commit that pre-commit has just judged, by the same git process and of the same content.
    _pm_pid='' _pm_digest=''
    [ ! -f "$_pm_here/.judged" ] || read -r _pm_pid _pm_digest <"$_pm_here/.judged"
    if [ "$_pm_pid" = "$PPID" ] && [ "$_pm_digest" != warned ]; then
        _pm_line=${_pm_input#*" HEAD$_pm_newline"}
        _pm_old=${_pm_line%% *}
        _pm_new=${_pm_line#* }
        _pm_new=${_pm_new%% *}
        if [ "$_pm_input" = "$_pm_old $_pm_new HEAD$_pm_newline$_pm_line" ] &&
            [ "$_pm_line" = "$_pm_old $_pm_new ${_pm_line##* }" ] &&
            [ "$(git --no-replace-objects diff-tree -r $_pm_raw "$_pm_old" "$_pm_new" -- 2>/dev/null |
                git hash-object --stdin)" = "$_pm_digest" ]; then
            : >"$_pm_here/.judged"
            exit 0
        fi
    fi
    _pm_judge
    ;;
esac
exit 0
# poolmgr: end
"""
