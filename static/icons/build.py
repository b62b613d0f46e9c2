"""Build sprite.svg and mark.svg: the Lucide icons that icons.txt names, and the SVGs in own/.

    npm pack lucide-static && tar xzf lucide-static-*.tgz && python static/icons/build.py package/icons

Both results are committed, so nothing needs npm at run time. Each file in own/ (the mark, the tier glyphs, GitHub's
logo, which Lucide dropped) has an <svg> whose attributes become the symbol's.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STROKE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'


def parts(path: Path) -> tuple[str, str]:
    """The attributes and the content of an SVG file's root."""
    found = re.search(r"<svg\s*([^>]*)>(.*)</svg>", path.read_text(), re.DOTALL)
    if found is None:
        raise SystemExit(f"{path} is not an SVG")
    return found.group(1).replace('xmlns="http://www.w3.org/2000/svg" ', ""), re.sub(r"\n\s*", "", found.group(2))


def main(lucide: Path) -> None:
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24" {STROKE}>{parts(lucide / f"{name}.svg")[1]}</symbol>'
        for name in sorted((HERE / "icons.txt").read_text().split())
    ]
    for path in sorted((HERE / "own").glob("*.svg")):
        attributes, content = parts(path)
        symbols.append(f'<symbol id="{path.stem}" {attributes}>{content}</symbol>')
    sprite = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>"]
    (HERE / "sprite.svg").write_text("\n".join(sprite) + "\n")
    _, mark = parts(HERE / "own" / "mark.svg")
    (HERE / "mark.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" '
        'fill="#1c6138"/><g transform="translate(4 4) scale(.75)" color="#fff" fill="none" stroke="currentColor" '
        f'stroke-linecap="round">{mark}</g></svg>\n'
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
