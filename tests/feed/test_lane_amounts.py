"""The fast lane reads an amount only if it is written -?[0-9]{1,12}[.][0-9]{2}, whatever stands beside it."""

import pyarrow
import pytest

from crm.feed.errors import Unclean
from crm.feed.lane import _fen


def test_amounts_become_fen():
    texts = ["1.00", "-1.00", "0.00", "999999999999.99", "-12.34"]
    assert _fen(pyarrow.array(texts)).tolist() == [100, -100, 0, 99_999_999_999_999, -1234]


OTHERS = "--1.00 1-1.00 -.00 .00 1.1.00 1..00 11.0 1.000 +1.00 1,0.00 - 1.-1 1.0- １.00 1e1.00 00-1.00 ..00"


@pytest.mark.parametrize("text", [*OTHERS.split(), "-1-.00", "9999999999999.99"])
def test_any_other_text_leaves_the_lane(text):
    with pytest.raises(Unclean):
        _fen(pyarrow.array(["12.34", text, "-5.00"]))
