"""What the till must do."""

from smalltest import equal
from till import total


def test_one_piece_has_its_price():
    equal(total(250, 1), 250)


def test_the_third_piece_is_free():
    equal(total(250, 3), 500)


def test_so_is_the_sixth():
    equal(total(100, 7), 500)
