#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a picture of a terminal, as SVG, of the text on standard input: terminal_svg.py COMMAND.

docs/images/terminal.svg is what pktloss says while ./run --demo runs:

    sudo build/pktloss -n /^pktloss-demo/ | tools/terminal_svg.py "sudo pktloss" >docs/images/terminal.svg
"""

import html
import re
import sys

LETTER, LINE, MARGIN, BAR = 7.83, 18, 16, 28  # pixels, of a font of 13

STYLES = (
    (r"^\S[\w.-]*(?=(?::|$))", "name"),
    (r"^ +LAYER .*", "head"),
    (r"\b\d+\.\d%", "lost"),
    (r"\[\d+\]", "number"),
)

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="%(width)d" height="%(height)d" viewBox="0 0 %(width)d %(height)d">
<style>
text { font: 13px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #24292f; white-space: pre; }
.prompt { fill: #57606a; } .name { font-weight: bold; } .head { fill: #57606a; }
.lost { fill: #c00000; font-weight: bold; } .number { fill: #0550ae; font-weight: bold; }
</style>
<rect x="0.5" y="0.5" width="%(right)d" height="%(bottom)d" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<path d="M1 %(bar)d h%(inner)d" stroke="#d0d7de"/>
<circle cx="18" cy="14" r="5" fill="#ff5f57"/>
<circle cx="36" cy="14" r="5" fill="#febc2e"/>
<circle cx="54" cy="14" r="5" fill="#28c840"/>
"""


def styled(line):
    """The line with a tspan around what stands out."""
    pattern = "|".join("(%s)" % expression for expression, _ in STYLES)
    done, last = "", 0
    for found in re.finditer(pattern, line):
        name = STYLES[found.lastindex - 1][1]
        done += html.escape(line[last:found.start()]) + '<tspan class="%s">%s</tspan>' % (name, html.escape(found[0]))
        last = found.end()
    return done + html.escape(line[last:])


def main(command):
    lines = ['<tspan class="prompt">$ </tspan>' + html.escape(command)]
    text = sys.stdin.read().rstrip("\n").split("\n")
    lines += [styled(line) for line in text]
    width = round(max(map(len, text)) * LETTER + 2 * MARGIN)
    height = BAR + len(lines) * LINE + MARGIN
    print(HEAD % {"width": width, "height": height, "right": width - 1, "bottom": height - 1, "bar": BAR, "inner": width - 2},
          end="")
    for i, line in enumerate(lines):
        if line:
            print('<text xml:space="preserve" x="%d" y="%d">%s</text>' % (MARGIN, BAR + (i + 1) * LINE + 2, line))
    print("</svg>")


main(sys.argv[1])
