"""HTML that is escaped by construction: text is text unless it was built here."""

import html
from collections.abc import Sequence
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "str | Markup | None"
_VOID = ("meta", "br", "line", "circle", "path", "rect")


def element(name: str, /, *content: Content, **attributes: str | float | bool | None) -> Markup:
    """An element; what is not markup in it is escaped, and None left out.

    An attribute's `_` stands for `-`, and one at its end for nothing.

    >>> element("p", "a < b", element("b", "!"), class_="x")
    '<p class="x">a &lt; b<b>!</b></p>'
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID and not content:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Markup:
    """Pieces one after the other, escaped as in an element.

    >>> joined("<", element("br"))
    '&lt;<br/>'
    """
    return Markup("".join(_text(one) for one in content if one is not None))


def table(
    header: "Sequence[Content]",
    rows: "Sequence[Sequence[Content]]",
    *,
    class_: str = "",
    marked: Sequence[bool] = (),
) -> Markup:
    """A table that scrolls sideways where there is no room for it.

    Args:
        header: The cells of its head.
        rows: The cells of its body; the first of a row is a heading.
        class_: What else it is; `numeric` sets what stands in it to the right.
        marked: Which rows stand out.
    """
    head = element("tr", *[element("th", cell, scope="col") for cell in header])
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *[element("td", cell) for cell in row[1:]],
            class_="differs" if place < len(marked) and marked[place] else None,
        )
        for place, row in enumerate(rows)
    ]
    content = element("table", element("thead", head), element("tbody", *body))
    return element("div", content, class_=f"wide {class_}".strip())


def _attribute(key: str, value: str | float | bool | None) -> str:
    name = key.removesuffix("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(_clean(str(value)))}"'


def _text(content: str) -> str:
    return content if isinstance(content, Markup) else html.escape(_clean(content))


def _clean(text: str) -> str:
    """Without control characters, which HTML does not allow."""
    return "".join(one if one >= " " or one in "\n\t" else "�" for one in text)
