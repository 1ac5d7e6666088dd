"""How does one wander in a model? One page that opens anywhere, with all in it."""

from pipeline.explorer.data import Exhibit, collect
from pipeline.explorer.find import find_exhibits
from pipeline.explorer.page import render, to_json

__all__ = ["Exhibit", "collect", "find_exhibits", "render", "to_json"]
