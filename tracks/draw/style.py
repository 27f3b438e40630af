"""How pictures and pages look, by day and by night; nothing is told by colour alone."""

from __future__ import annotations

HUES = ("#2563eb", "#b45309", "#15803d", "#a21caf", "#0e7490", "#c2410c", "#4d7c0f", "#6d28d9")
LIGHTER = ("#7aa8ff", "#f0b35a", "#5fd08a", "#e27bf0", "#4fd0e4", "#ff9d6b", "#a8d85a", "#b79bff")
FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif"
MONO = "ui-monospace,'DejaVu Sans Mono',monospace"

DAY = """
.pm text{fill:#1f2933}.pm .paper{fill:#fff}.pm .lane{fill:#f3f5f8}.pm .stripe{fill:#e9edf2}
.pm .card{fill:#fff;stroke:#8a94a3}.pm .dim{fill:#5b6672}.pm .seam{stroke:#c3cad3}.pm .halo{stroke:#f3f5f8}
.pm .ready .card{stroke:#15803d}.pm .running .card{stroke:#1d4ed8}.pm .icon{fill:#5b6672;stroke:#5b6672}
.pm .ready .icon{fill:#15803d;stroke:#15803d}.pm .running .icon{fill:#1d4ed8;stroke:#1d4ed8}
.pm .mark{fill:#fff;stroke:#b91c1c}.pm .marked{fill:#b91c1c}.pm .certain .mark{fill:#b91c1c}
.pm .certain .marked{fill:#fff}.pm .crit{fill:#1f2933}
"""
NIGHT = """
.pm text{fill:#e5e9ef}.pm .paper{fill:#14181d}.pm .lane{fill:#1c2229}.pm .stripe{fill:#242b34}
.pm .card{fill:#14181d;stroke:#77828f}.pm .dim{fill:#a3adb9}.pm .seam{stroke:#3d4753}.pm .halo{stroke:#1c2229}
.pm .ready .card{stroke:#4ade80}.pm .running .card{stroke:#7aa8ff}.pm .icon{fill:#a3adb9;stroke:#a3adb9}
.pm .ready .icon{fill:#4ade80;stroke:#4ade80}.pm .running .icon{fill:#7aa8ff;stroke:#7aa8ff}
.pm .mark{fill:#14181d;stroke:#ff8a80}.pm .marked{fill:#ff8a80}.pm .certain .mark{fill:#ff8a80}
.pm .certain .marked{fill:#14181d}.pm .crit{fill:#e5e9ef}
"""
SHAPE = f"""
.pm{{font:11px {FONT}}}.pm .id{{font:600 10.5px {MONO}}}.pm .head{{font-size:13px;font-weight:600}}
.pm .card{{stroke-width:1}}.pm .ready .card{{stroke-width:2}}.pm .running .card{{stroke-width:2.5}}
.pm .waiting .card{{stroke-dasharray:5 2}}.pm .held .card{{stroke-dasharray:1.5 2.5}}
.pm .mark{{stroke-width:1}}.pm .marked{{font-size:9px;font-weight:700;text-anchor:middle}}
.pm .icon{{stroke-width:1.5}}.pm .icon.hollow.hollow{{fill:none}}
.pm .possible .mark{{stroke-dasharray:2 1.5}}
.pm .line,.pm .halo{{fill:none;stroke-linejoin:round}}
.pm .line{{stroke-width:1.3}}.pm .halo{{stroke-width:4}}.pm .begin{{stroke-dasharray:4 3}}
.pm .thick{{stroke-width:3}}.pm .bundle:hover .line{{stroke-width:4}}.pm .end{{text-anchor:end}}
"""


def picture_style() -> str:
    """The style sheet of a picture."""
    day = "".join(
        f".pm .h{at} .line{{stroke:{hue}}}.pm .h{at} .tip{{fill:{hue}}}" for at, hue in enumerate(HUES)
    )
    night = "".join(
        f".pm .h{at} .line{{stroke:{hue}}}.pm .h{at} .tip{{fill:{hue}}}" for at, hue in enumerate(LIGHTER)
    )
    return f"{SHAPE}{DAY}{day}\n@media (prefers-color-scheme:dark){{{NIGHT}{night}}}\n"


PAGE = f"""
:root{{color-scheme:light dark}}
body{{font:15px/1.5 {FONT};margin:0 auto;max-width:78rem;padding:1.5rem;color:#1f2933;background:#fff}}
h1{{font-size:1.6rem;margin:0 0 .5rem}}h2{{font-size:1.2rem;margin:2rem 0 .5rem}}
h3{{font-size:1rem;margin:1rem 0 .3rem}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0}}
th,td{{text-align:left;vertical-align:top;overflow-wrap:anywhere;padding:.3rem .7rem .3rem 0;
border-bottom:1px solid #d5dbe2}}
th{{font-weight:600}}
.picture{{overflow:auto;border:1px solid #d5dbe2;border-radius:6px;max-height:85vh}}
.dim{{color:#5b6672}}summary{{cursor:pointer}}
@media (prefers-color-scheme:dark){{
body{{color:#e5e9ef;background:#14181d}}th,td{{border-color:#343d48}}.picture{{border-color:#343d48}}
.dim{{color:#a3adb9}}
}}
"""
