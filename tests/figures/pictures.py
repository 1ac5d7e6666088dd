"""What must hold of any picture? Its texts lie inside it and apart from each other."""

from itertools import combinations

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from pipeline.figures.shared.style import house_style


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in visible_texts(figure)]


def visible_texts(figure: Figure) -> list[Text]:
    with house_style():
        figure.draw_without_rendering()
    undrawn = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in _undrawn_labels(axis)
    }
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and text not in undrawn
    ]


def assert_readable(figure: Figure) -> None:
    """One column wide, no text outside the picture, none upon another."""
    assert figure.get_size_inches()[0] == 3.3
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in visible_texts(figure)
    ]
    assert boxes
    frame = figure.bbox.padded(1)
    for text, box in boxes:
        assert frame.x0 <= box.x0, text
        assert frame.y0 <= box.y0, text
        assert box.x1 <= frame.x1, text
        assert box.y1 <= frame.y1, text
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.padded(-0.5).overlaps(beside.padded(-0.5)), (one, other)


def _undrawn_labels(axis: Axis) -> set[Text]:
    """Ticks out of use or beyond the axis limits keep their labels."""
    low, high = sorted(axis.get_view_interval())
    drawn = {
        tick
        for tick in axis.get_major_ticks() + axis.get_minor_ticks()
        if low <= tick.get_loc() <= high
    }
    every = {*axis.majorTicks, *axis.minorTicks}
    return {label for tick in every - drawn for label in (tick.label1, tick.label2)}
