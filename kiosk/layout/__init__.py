"""Layout of pages: rows and columns that take the window's shape. No page places by pixels.

A page says once what stands beside and below what. Side by side where each part has the room that
it needs, one under the other where not, and the whole surface is used in every shape of display:

    self.lay(
        Column(
            self.heading(_("Staff sign-in")),
            Reflow(
                Column(name, pin, Space(grow=1), go, least=440, grow=1),
                Column(self.digits, least=440, grow=1),
                grow=1,
            ),
        )
    )

`name`, `pin`, `go` and `self.digits` are widgets whose master is the page; see `Screen.lay`,
`Screen.heading`, `Screen.words` and `Screen.button`. Every widget of `kiosk.widgets` is a part: it
knows the width that it needs, and the height that it needs at a width, as its words wrap and grow
with the text size. `grow` is a part's share of the room that is left along its row or column.
A part whose `shown` is False takes no room; set it by `Screen.show_part`. In portrait, content
stands above and what is touched below, in reach: `Either` says a page's other order.

All lengths are drawn pixels. Nothing here knows Tk: heights are asked of the parts, so that one
pass lays a page out before it is seen. (Tk's grid would need a pass for each line that wraps,
and does not tell whether a page fits.)
"""

from kiosk.layout.boxes import Column, Heights, Inset, Part, Row, Space, middle
from kiosk.layout.choices import Either, Grid, Reflow

__all__ = [
    "Column",
    "Either",
    "Grid",
    "Heights",
    "Inset",
    "Part",
    "Reflow",
    "Row",
    "Space",
    "middle",
]
