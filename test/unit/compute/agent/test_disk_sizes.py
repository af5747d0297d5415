"""The size of a disk that is made of an image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.agent.disks.images import fitting_size
from objectstore.kernel.errors import Rejected

GIB = 1 << 30
SIZES = st.integers(min_value=1, max_value=64 * GIB)


@given(SIZES)
def test_without_a_wish_it_is_as_large_as_the_image_in_whole_sectors(
    image: int,
) -> None:
    size = fitting_size(image, 0)
    assert size % 512 == 0
    assert image <= size < image + 512


@given(st.integers(min_value=1, max_value=64), st.integers(min_value=0, max_value=GIB))
def test_a_wish_is_kept_where_the_image_fits(gib: int, less: int) -> None:
    assert fitting_size(gib * GIB - less, gib * GIB) == gib * GIB


@given(st.integers(min_value=1, max_value=64), st.integers(min_value=1, max_value=GIB))
def test_an_image_is_never_cut_off(gib: int, more: int) -> None:
    with pytest.raises(Rejected) as refused:
        fitting_size(gib * GIB + more, gib * GIB)
    assert refused.value.status == 400
