"""Are convolutional and recurrent nets placed by little more than their names?"""

import numpy as np
import pytest

from pipeline.layout import Location, identify
from pipeline.refs import TensorRef


def refs(shapes, dtype="F32"):
    return tuple(
        TensorRef(name, dtype, tuple(shape), "x.th", 0)
        for name, shape in shapes.items()
    )


def cifar_resnet(n_blocks):
    shapes = {"module.conv1.weight": (16, 3, 3, 3), "module.bn1.weight": (16,)}
    for stage in (1, 2, 3):
        width = 8 * 2**stage
        for block in range(n_blocks):
            for n in (1, 2):
                shapes[f"module.layer{stage}.{block}.conv{n}.weight"] = (
                    width,
                    width,
                    3,
                    3,
                )
                shapes[f"module.layer{stage}.{block}.bn{n}.running_mean"] = (width,)
    shapes["module.linear.weight"] = (10, 64)
    return shapes


def test_blocks_are_counted_through_the_stages():
    shapes = cifar_resnet(3)
    layout = identify(refs(shapes), {})
    assert (layout.family, layout.n_layers) == ("resnet", 9)
    place = layout.locate("module.layer3.2.conv2.weight", (64, 64, 3, 3))
    assert place == Location("vision", 8, "conv", "weight")
    assert layout.depth(place) == 1.0
    mean = layout.locate("module.layer1.0.bn1.running_mean", (16,))
    assert mean == Location("vision", 0, "norm", "running_mean")
    assert layout.locate("module.linear.weight", (10, 64)).component == "classifier"


def test_shortcuts_of_torchvision_and_of_resnet_d():
    shapes = {
        **cifar_resnet(1),
        "layer2.0.downsample.0.weight": (32, 16, 1, 1),
        "layer2.0.downsample.1.weight": (32,),
        "layer3.0.downsample.1.weight": (64, 32, 1, 1),
    }
    layout = identify(refs(shapes), {})
    found = {
        name: layout.locate(name, shape).component for name, shape in shapes.items()
    }
    assert found["layer2.0.downsample.0.weight"] == "downsample"
    assert found["layer2.0.downsample.1.weight"] == "norm"
    assert found["layer3.0.downsample.1.weight"] == "conv"


def test_a_kernel_is_a_matrix_and_one_per_offset():
    (tensor,) = refs({"layer1.0.conv1.weight": (2, 3, 2, 2)})
    layout = identify(refs(cifar_resnet(1)), {})
    weight = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    views = layout.views(tensor)
    assert [(view.view, view.matrix_view) for view in views] == [
        ("whole", "convolution"),
        ("offset.0.0", "kernel_offset"),
        ("offset.0.1", "kernel_offset"),
        ("offset.1.0", "kernel_offset"),
        ("offset.1.1", "kernel_offset"),
    ]
    assert (views[0].of(weight) == weight.reshape(2, 12)).all()
    assert (views[2].of(weight) == [[1, 5, 9], [13, 17, 21]]).all()
    assert all(np.shares_memory(view.of(weight), weight) for view in views)


@pytest.mark.parametrize(
    ("shape", "n_views"),
    [
        ((8, 4, 1, 1), 1),  # one position: the whole
        ((8, 4, 8, 8), 65),
        ((8, 4, 9, 8), 1),  # more than 64 positions
        ((8, 1, 3, 3), 1),  # depthwise: an offset is a vector
        ((8, 4, 3), 4),
        ((8, 4, 2, 2, 2), 9),
    ],
)
def test_which_kernels_are_viewed_by_offset(shape, n_views):
    (tensor,) = refs({"conv1.weight": shape})
    assert len(identify((tensor,), {}).views(tensor)) == n_views


SILERO = {
    "conv1.weight": (128, 129, 3),
    "final_conv.weight": (1, 128, 1),
    "lstm_cell.weight_ih": (512, 128),
    "lstm_cell.bias_hh": (512,),
    "stft_conv.weight": (258, 1, 256),
}


def test_words_place_a_net_that_no_family_knows():
    layout = identify(refs(SILERO), {})
    assert layout.family == "unknown"
    assert [layout.locate(*item) for item in SILERO.items()] == [
        Location(None, None, "conv", "weight"),
        Location(None, None, "conv", "weight"),
        Location(None, None, "recurrent", "weight_ih"),
        Location(None, None, "recurrent", "bias_hh"),
        Location(None, None, "conv", "weight"),
    ]
    views = [layout.views(tensor) for tensor in refs(SILERO)]
    assert [len(found) for found in views] == [4, 1, 1, 0, 1]


def test_a_weight_of_four_dimensions_is_a_convolution_whatever_its_name():
    shapes = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,)}
    layout = identify(refs(shapes), {})
    assert layout.locate("features.0.weight", (64, 3, 3, 3)).component == "conv"
    assert layout.locate("features.0.bias", (64,)).component == "other"


def test_a_stored_mask_is_not_a_convolution():
    shapes = {
        "h.0.attn.c_attn.weight": (16, 48),
        "h.0.attn.bias": (1, 1, 32, 32),
        "h.0.mlp.c_fc.weight": (16, 64),
    }
    mask = refs(shapes)[1]
    layout = identify(refs(shapes), {})
    assert layout.locate(mask.name, mask.shape).component == "mask"
    assert layout.views(mask) == ()
    assert layout.no_view_reason(mask) == "mask, not learned"
