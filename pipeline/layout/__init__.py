"""Where does a tensor sit in its network, and which matrices does it hold?"""

from pipeline.layout.adapters import Adapter, find_adapters, find_scale
from pipeline.layout.attached import find_attached
from pipeline.layout.attention import Attention, Projection, find_attentions
from pipeline.layout.embeddings import Embedding, find_embeddings
from pipeline.layout.families import Family, load_families
from pipeline.layout.identify import identify
from pipeline.layout.layout import Layout, Network
from pipeline.layout.location import Location
from pipeline.layout.tuners import Tuned, find_tuning
from pipeline.layout.views import MAX_OFFSETS, MatrixView

__all__ = [
    "MAX_OFFSETS",
    "Adapter",
    "Attention",
    "Embedding",
    "Family",
    "Layout",
    "Location",
    "MatrixView",
    "Network",
    "Projection",
    "Tuned",
    "find_adapters",
    "find_attached",
    "find_attentions",
    "find_embeddings",
    "find_scale",
    "find_tuning",
    "identify",
    "load_families",
]
