"""Labels' boxes: inside, apart, beside their points, the first ones first."""

import numpy as np
import pytest
from figures import n_overlaps
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.plots.placing import Room, place_boxes

FRAME = np.array([0.0, 0.0, 600.0, 500.0])


def placed(points, sizes, taken=()):
    room = Room(frame=FRAME, taken=np.array(taken, float).reshape(-1, 4), gap=2.0, near=7.0, far=100.0)
    points = np.asarray(points, float).reshape(-1, 2)
    places = place_boxes(points, lambda row: sizes[row], room)
    rows = [place.row for place in places]
    corners = np.array([place.corner for place in places]).reshape(-1, 2)
    return rows, np.concatenate([corners, corners + np.array([sizes[row] for row in rows]).reshape(-1, 2)], axis=1)


def covers(boxes, points) -> bool:
    inside = (boxes[:, None, :2] < points) & (points < boxes[:, None, 2:])
    return bool(inside.all(axis=2).any())


points_of = st.lists(st.tuples(st.floats(0, 600), st.floats(0, 500)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(points_of, st.integers(0, 2**32 - 1))
def test_boxes_lie_inside_overlap_nothing_and_cover_no_labelled_point(points, seed: int):
    sizes = np.random.default_rng(seed).uniform((5, 8), (150, 25), (len(points), 2)).tolist()
    name = [200.0, 200.0, 380.0, 240.0]
    rows, boxes = placed(points, sizes, [name])
    assert (boxes[:, :2] >= FRAME[:2]).all()
    assert (boxes[:, 2:] <= FRAME[2:]).all()
    assert n_overlaps(np.vstack([boxes, name])) == 0
    assert not covers(boxes, np.array(points, float).reshape(-1, 2)[rows])


@pytest.mark.parametrize("n", [0, 1, 3, 17])
def test_every_label_with_room_is_placed(n: int):
    points = [(40 + 130 * (row % 4), 40 + 90 * (row // 4)) for row in range(n)]
    rows, _ = placed(points, [(60.0, 15.0)] * n)
    assert rows == list(range(n))


def test_a_lone_label_stands_right_of_its_point_at_its_height():
    _, boxes = placed([(100, 200)], [(60.0, 16.0)])
    assert boxes.tolist() == [[107.0, 192.0, 167.0, 208.0]]


def test_points_without_a_label_are_covered_only_where_there_is_no_other_room():
    points = [(100, 200), (130, 201)]
    rows, boxes = placed(points, [(60.0, 16.0), (900.0, 16.0)])  # the second can never be placed
    assert rows == [0]
    assert not covers(boxes, np.array([points[1]], float))


def test_in_a_crowd_no_label_covers_a_labelled_point():
    points = np.random.default_rng(9).uniform((200, 150), (400, 300), (300, 2))
    rows, boxes = placed(points, [(60.0, 15.0)] * 300)
    assert n_overlaps(boxes) == 0
    assert not covers(boxes, points[rows])


def test_no_label_covers_more_than_the_rim_of_a_disc():
    points = np.random.default_rng(9).uniform((100, 100), (500, 400), (40, 2))
    room = Room(frame=FRAME, taken=np.zeros((0, 4)), gap=2.0, near=13.0, far=100.0, radius=10.0)
    places = place_boxes(points, lambda _: (60.0, 15.0), room)
    boxes = np.array([[*place.corner, place.corner[0] + 60, place.corner[1] + 15] for place in places])
    marked = points[[place.row for place in places]]
    nearest = np.clip(marked, boxes[:, None, :2], boxes[:, None, 2:])
    assert len(places) > 25
    assert np.hypot(*np.moveaxis(nearest - marked, 2, 0)).min() >= 7


def test_where_room_is_short_the_first_labels_win():
    rows, _ = placed([(300, 250)] * 400, [(120.0, 20.0)] * 400)
    assert rows[0] == 0
    assert 8 < len(rows) < 60


def test_thousands_at_one_place_are_given_up_early():
    asked = []
    points = np.full((5000, 2), 250.0)
    room = Room(frame=FRAME, taken=np.zeros((0, 4)), gap=2.0, near=7.0, far=100.0)
    place_boxes(points, lambda row: asked.append(row) or (90.0, 18.0), room)
    assert len(asked) < 200
