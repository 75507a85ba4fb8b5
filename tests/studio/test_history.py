"""Steps are undone and done again without end; the strokes are those that a list kept beside would hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spatial.studio.history import Variant
from spatial.studio.strokes import Stroke

NAMES = st.sampled_from(["bench-1", "bench-2", "path-1", "gate-1"])
ACTS = st.one_of(
    st.tuples(st.just("put"), NAMES, st.integers(0, 3)),
    st.tuples(st.just("drop"), NAMES, st.just(0)),
    st.tuples(st.sampled_from(["undo", "redo"]), st.just(""), st.just(0)),
)


def stroke(name, number):
    return Stroke(name, "add", "place", tags={"ref": str(number)})


@given(st.lists(ACTS, max_size=40))
def test_undo_and_redo_walk_along_all_states_that_were(acts):
    variant = Variant("A")
    states, at = [{}], 0  # independently: whole states, and where we are among them
    for act, name, number in acts:
        if act == "put":
            variant = variant.put(stroke(name, number))
            new = {**states[at], name: stroke(name, number)}
        elif act == "drop":
            variant = variant.drop(name)
            new = {key: one for key, one in states[at].items() if key != name}
        else:
            variant = variant.undo() if act == "undo" else variant.redo()
            at = max(0, at - 1) if act == "undo" else min(len(states) - 1, at + 1)
            new = states[at]
        if new != states[at]:
            states, at = [*states[: at + 1], new], at + 1
        assert list(variant.strokes) == list(states[at].values())
        assert (variant.at, len(variant.steps)) == (at, len(states) - 1)


@given(st.lists(ACTS, max_size=20))
def test_all_undone_is_the_start_and_all_done_again_is_the_end(acts):
    variant = Variant("A")
    for act, name, number in acts:
        variant = variant.put(stroke(name, number)) if act == "put" else variant.drop(name)
    back = variant
    for _ in range(len(variant.steps)):
        back = back.undo()
    assert back.strokes == () and back.undo() == back
    for _ in range(len(variant.steps)):
        back = back.redo()
    assert back == variant and back.redo() == back


def test_a_new_name_is_one_that_nothing_ever_had():
    variant = Variant("A").put(stroke("bench-1", 0)).drop("bench-1")
    assert variant.free_name("bench") == "bench-2" and variant.free_name("gate") == "gate-1"
    assert variant.undo().undo().free_name("bench") == "bench-2"
