"""Makes the fonts of PNG pictures: a subset of Liberation Sans under a name of our own.

    pip install fonttools
    python3 make.py FOLDER      # with LiberationSans-Regular.ttf and -Bold.ttf, 2.1.5

The same fonts in give the same bytes out.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

# Latin (without Vietnamese), Greek, Cyrillic, and the signs that pictures print.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x18F), (0x192, 0x192), (0x1FA, 0x1FF),
    (0x218, 0x21B), (0x259, 0x259), (0x2C6, 0x2C7), (0x2D8, 0x2DD), (0x300, 0x304),
    (0x306, 0x308), (0x30A, 0x30C), (0x327, 0x328), (0x370, 0x3FF), (0x400, 0x45F),
    (0x490, 0x4FF), (0x1E80, 0x1E85), (0x1E9E, 0x1E9E), (0x2010, 0x2015),
    (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x202F, 0x2030),
    (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x20AC, 0x20AC),
    (0x20B4, 0x20BF), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2195),
    (0x2212, 0x2212), (0x221E, 0x221E), (0x2248, 0x2248), (0x2260, 0x2260),
    (0x2264, 0x2265), (0x25A0, 0x25A1), (0x25B2, 0x25B2), (0x25BC, 0x25BC),
    (0x25CF, 0x25CF), (0xFFFD, 0xFFFD),
]
# "Liberation" is a reserved name: a changed font must not bear it.
FAMILY = "Touchpath Sans"


def make(source: Path, weight: str) -> set[int]:
    """Writes one weight beside this file; the code points it has."""
    font = TTFont(source / f"LiberationSans-{weight}.ttf", recalcTimestamp=False)
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern"]
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    subsetter.subset(font)
    names = {1: FAMILY, 2: weight, 3: f"{FAMILY} {weight}", 4: f"{FAMILY} {weight}",
             6: f"TouchpathSans-{weight}"}
    for record in list(font["name"].names):
        if record.nameID in names:
            record.string = names[record.nameID]
        elif record.nameID not in (0, 5, 13, 14):
            font["name"].removeNames(nameID=record.nameID)
    font.save(Path(__file__).parent / f"TouchpathSans-{weight}.ttf")
    return set(font.getBestCmap())


def ranges(codes: set[int]) -> str:
    """Ranges of code points, one a line."""
    lines, codes = [], sorted(codes)
    for code in codes:
        if lines and lines[-1][1] == code - 1:
            lines[-1][1] = code
        else:
            lines.append([code, code])
    return "".join(f"{low:04X} {high:04X}\n" for low, high in lines)


if __name__ == "__main__":
    both = [make(Path(sys.argv[1]), each) for each in ("Regular", "Bold")]
    (Path(__file__).parent / "covered.txt").write_text(ranges(both[0] & both[1]))
