"""The classes of colour are told apart by everybody: with any colour vision, in grey, and on a dark map.

Dichromats are simulated as Machado, Oliveira & Fernandes (2009, doi:10.1109/TVCG.2009.113) do it: matrices for a
severity of 1 on linear RGB. Differences are CIE 1976 in L*a*b* (D65), worked out here.
"""

import re
from importlib.resources import files

import numpy as np
import pytest

from spatial.maps.style import RAMP, RELATIVE_RAMP, classes_in

SEEN = {
    "all colours": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
D65 = TO_XYZ.sum(axis=1)
# A difference of 2.3 is just seen side by side; over a map, with others between, it takes several times as much.
APART, LIGHTER = 12.0, 9.0


def linear(colour):
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    t = TO_XYZ @ rgb / D65
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    bright, dark = sorted((float(TO_XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_lab_on_paper():
    """White is L* 100; the grey #777777 has L* 50.03 (linear 0.1845, a little over the 18.4 % card)."""
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab(linear("#777777"))[0] == pytest.approx(50.03, abs=0.02)


@pytest.mark.parametrize("ramp", [RAMP, RELATIVE_RAMP], ids=["common", "own"])
@pytest.mark.parametrize("eyes", SEEN)
def test_classes_are_told_apart(ramp, eyes):
    seen = [lab(np.clip(np.asarray(SEEN[eyes]) @ linear(colour), 0, 1)) for colour in ramp]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > APART, (eyes, np.round(apart, 1))
    darker = -np.diff([colour[0] for colour in seen])
    assert (darker > LIGHTER).all(), (eyes, np.round(darker, 1))


@pytest.mark.parametrize("sheet", ["map.css", "dark.css"])
def test_every_class_is_edged_against_the_ground(sheet):
    """WCAG 1.4.11: what is meant has 3 : 1 against what lies beside it – by its fill or by its edge."""
    text = (files("spatial.maps.web") / "scripts" / sheet).read_text(encoding="utf-8")
    ground, edge = (re.search(rf"--map-{name}: (#\w{{6}})", text)[1] for name in ("ground", "space-edge"))
    assert contrast(edge, ground) >= 3
    for colour in (*RAMP, *RELATIVE_RAMP):
        assert max(contrast(colour, ground), contrast(edge, ground)) >= 3
    plus = re.search(r"--map-possible-plus: (#\w{6})", text)[1]
    assert contrast(plus, ground) >= 3


def test_classes_of_a_table_are_those_of_what_is_scored():
    import pandas as pd

    table = pd.DataFrame(
        {
            "floating": [0.61, 0.45, 0.44, 0.95, float("nan")],
            "status": ["meeting space"] * 3 + ["closed", "meeting space"],
        }
    )
    assert classes_in(table) == [2, 3]
