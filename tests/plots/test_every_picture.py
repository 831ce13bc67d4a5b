"""Every picture, at several sizes, numbers of tasks and kinds of names: nothing warns, all can be read."""

import re
import warnings

import matplotlib.text as mtext
import numpy as np
import pytest
from matplotlib.figure import Figure

from plots.pictures import KINDS, forms_pictures, hal_pictures, judged_pictures, sparse_pictures
from sparsekin.errors import OptionError
from sparsekin.plots.names import fitting_names, short_names, widest

SIZES = [None, (4, 3), (7, 5), (10, 7), (12, 14)]
QUICK = [((4, 3), 2, "long"), (None, 72, "signs"), ((7, 5), 3, "foreign")]
ALL = [(size, n_tasks, kind) for size in SIZES for n_tasks in (2, 20, 72, 100) for kind in KINDS]
CASES = [*QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in ALL if case not in QUICK)]


def texts_outside(figure):
    """Texts that are drawn and not wholly on the page."""
    figure.draw_without_rendering()
    page = figure.bbox.padded(2.0)
    shown = [text for text in figure.findobj(mtext.Text) if text.get_visible() and text.get_text().strip()]
    ticks = {id(tick) for ax in figure.findobj(lambda one: hasattr(one, "get_xticklabels")) for tick in _idle(ax)}
    outside = [
        (text.get_text(), box.bounds)
        for text in shown
        if id(text) not in ticks
        for box in [text.get_window_extent()]
        if not (page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)
    ]
    return outside


def _idle(ax):
    """Labels of ticks beyond the limits, which are not drawn."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


@pytest.mark.parametrize(("size", "n_tasks", "kind"), CASES)
@pytest.mark.parametrize("make", [sparse_pictures, hal_pictures, forms_pictures, judged_pictures])
def test_nothing_warns_and_all_text_is_on_the_page(make, size, n_tasks, kind):
    pictures = make(n_tasks, kind)
    if size == (4, 3) and n_tasks > 4:
        for name in ("pair", "calibration", "survival"):
            pictures.pop(name, None)  # 20 panels do not fit
    for name, plot in pictures.items():
        given = None if size is None else Figure(figsize=size, layout="constrained").add_subplot()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            drawn = plot(ax=given)
            first = drawn[0] if isinstance(drawn, list) else drawn
            assert texts_outside(first.figure) == [], name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("points", [40.0, 80.0, 200.0])
def test_distinct_names_stay_distinct_and_as_short_as_asked(kind, points):
    names = [KINDS[kind]("protein", j) for j in range(300)]
    labels = fitting_names(names, points, 8.0)
    assert len(set(labels)) == 300
    assert all(label.isprintable() for label in labels)
    if points == 200.0:
        assert widest(labels, 8.0) <= points


def test_names_are_cut_where_they_do_not_differ():
    assert short_names(["a" * 20 + "b" * 20], 11) == ["aaaaa…bbbbb"]
    same = ["x" * 20 + letter + "y" * 20 for letter in "pq"]
    assert short_names(same, 11) == ["xx…p", "xx…q"]
    assert short_names(["tab\t", "line\n", "a_b", "$c$", "é"]) == ["tab\\t", "line\\n", "a_b", "$c$", "é"]
    assert short_names([1, 2.5, "x"]) == ["1", "2.5", "x"]


def test_letters_no_font_has_stand_as_codes():
    assert short_names(["\U000f0000"]) == ["\\U000f0000"]  # private use
    assert short_names(["\ud800x"]) == ["\\ud800x"]  # half a letter


def styles_of(lines):
    return {(tuple(np.atleast_1d(line.get_color())), str(line._dash_pattern)) for line in lines}


def overlaps(texts):
    """Pairs of texts that cover each other."""
    boxes = [mtext.Text.get_window_extent(text) for text in texts]
    return [(i, j) for i, one in enumerate(boxes) for j, other in enumerate(boxes[:i]) if one.overlaps(other)]


@pytest.mark.parametrize("kind", ["short", "signs", "long"])
@pytest.mark.parametrize("n_tasks", [2, 12, 20])
def test_up_to_twenty_tasks_are_named_at_the_ends_of_their_lines(n_tasks, kind):
    axes = hal_pictures(n_tasks, kind)["curves"](None)
    figure = axes[0].figure
    figure.draw_without_rendering()
    ends = axes[-1].texts
    assert (len(ends), len(figure.legends), len(axes[0].texts)) == (n_tasks, 0, 0)
    assert len({text.get_text() for text in ends}) == n_tasks
    assert overlaps(ends) == []
    lines = [line for line in axes[-1].lines if len(line.get_xdata()) == 400]
    assert len(styles_of(lines)) == n_tasks
    for line in lines:  # each name is joined to the end of a line of its colour
        end = (line.get_xdata()[-1], line.get_ydata()[-1])
        assert any(text.xy == end and text.get_color() == line.get_color() for text in ends)
    labels = [one.xaxis.label for one in axes]
    assert overlaps(labels) == []
    assert all(label.get_text() for label in labels)


def test_of_more_tasks_twenty_are_in_the_legend():
    pictures = hal_pictures(30, "signs")
    axes = pictures["curves"](None)
    legend = axes[0].figure.legends[0]
    named = [text.get_text() for text in legend.get_texts()]
    assert named.pop() == "and 10 more"
    assert len(set(named)) == 20
    assert len(styles_of(legend.legend_handles[:-1])) == 20
    assert len(pictures["pair"](None)) == 20


@pytest.mark.parametrize("make", [hal_pictures, forms_pictures])
def test_where_there_is_no_room_for_a_name_there_is_no_colour(make):
    picture = make(30, "long")["curves" if make is hal_pictures else "codes"]
    ax = Figure(figsize=(4, 3), layout="constrained").add_subplot()
    picture(ax=ax)
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    grey = [line for line in ax.lines if line.get_color() == "0.8"]
    assert shown[-1] == f"and {30 - (len(shown) - 1)} more" == f"and {len(grey)} more"


@pytest.mark.parametrize("name", ["cv", "hal cv"])
def test_numbers_below_a_small_picture_stand_apart(name):
    pictures = sparse_pictures(2, "long") if name == "cv" else hal_pictures(12, "short")
    ax = Figure(figsize=(4, 3), layout="constrained").add_subplot()
    pictures[name](ax=ax)
    ax.figure.draw_without_rendering()
    idle = {id(label) for label in _idle(ax)}
    assert overlaps([label for label in ax.get_xticklabels() if label.get_text() and id(label) not in idle]) == []
    assert all("..." not in text.get_text() and "…" not in text.get_text() for text in ax.get_legend().get_texts())


def test_a_notebook_shows_what_is_returned():
    sparse, hal, forms = sparse_pictures(2, "short"), hal_pictures(2, "short"), forms_pictures(2, "short")
    for plot in (sparse["support"], sparse["cv"], hal["curves"], hal["pair"], forms["loadings"]):
        drawn = plot(ax=None)
        assert drawn._repr_png_().startswith(b"\x89PNG")
        figure = (drawn[0] if isinstance(drawn, list) else drawn).figure
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_pyplot_knows_of_no_figure_and_given_axes_are_shown_by_their_owner():
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    pictures = sparse_pictures(2, "short")
    pictures["support"](ax=None)
    assert plt.get_fignums() == open_before
    figure, ax = plt.subplots()
    assert pictures["support"](ax=ax) is ax
    assert not hasattr(ax, "_repr_png_")
    plt.close(figure)


def test_numbers_of_things_to_show():
    sparse, forms = sparse_pictures(2, "short"), forms_pictures(2, "short")
    for bad in (0, -1, 2.5, True, "3", None):
        with pytest.raises(OptionError, match=re.escape(f"max_features = {bad!r} must be a whole number, at least 1.")):
            sparse["support"](ax=None, max_features=bad)
        with pytest.raises(OptionError, match=re.escape(f"max_columns = {bad!r} must be a whole number, at least 1.")):
            forms["loadings"](ax=None, max_columns=bad)
    with pytest.raises(OptionError, match=r"max_labels = -1 must be a whole number, at least 0\."):
        sparse["path"](ax=None, max_labels=-1)
    assert not sparse["path"](ax=None, max_labels=0).texts
    loadings = forms["loadings"](ax=None, max_columns=np.int64(2))
    assert loadings.get_title(loc="left") == "Loadings of X, the 2 largest of 6"
