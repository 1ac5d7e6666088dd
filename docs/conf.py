"""How is the documentation built? By Sphinx, from these pages and the docstrings.

`make docs` writes it to build/docs, asks no network, and fails on a broken link.
"""

from importlib.metadata import version as installed

project = "weightlake"
author = "the authors of weightlake"
version = release = installed("weightlake")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["architecture.py"]
html_theme = "furo"
html_title = "weightlake"

myst_heading_anchors = 3  # links to a heading work here as they do on a forge
myst_enable_extensions = ["colon_fence"]

default_role = "code"  # as in markdown: `name` is code
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_rtype = False
autodoc_inherit_docstrings = False
# Types of other libraries are named and not linked: that would ask their sites.
nitpick_ignore_regex = [("py:.*", r"(?!weightlake\.).*")]
