"""How is a model explored? One HTML page that holds all its data and opens anywhere."""

from pipeline.explorer.data import Exhibit, collect
from pipeline.explorer.find import find_exhibits
from pipeline.explorer.page import render, to_json

__all__ = ["Exhibit", "collect", "find_exhibits", "render", "to_json"]
