"""How the documentation is built: `python3 dev.py docs`, which calls `sphinx-build -E -W docs build-docs`.

The pages are Markdown that also reads well in the repository; the references are made from the docstrings,
the header and the command line.
"""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import c_header  # noqa: E402
import poly_match  # noqa: E402

project = "poly-match"
author = "the poly-match authors"
release = version = poly_match.__version__

extensions = [
    "hawkmoth",
    "hawkmoth.ext.javadoc",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_click",
]

# ---- pages ----

myst_heading_anchors = 3
smartquotes = False  # it would turn the -- of an option into a dash

# ---- Python ----

default_role = "py:obj"  # a `name` is a link if it is documented, and else code
autodoc_typehints = "none"  # the docstrings give the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# ---- C ----

C_COPY = ROOT / "build-docs-header"
c_header.rewrite(ROOT / "include/polymatch.h", C_COPY)
hawkmoth_root = str(C_COPY)
hawkmoth_transform_default = "javadoc"
hawkmoth_compiler = "cc"  # whose folders have the standard headers: libclang comes without

# ---- look ----

html_theme = "furo"
html_title = "poly-match"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = sorted(path.name for path in HERE.glob("flame-*.svg"))
html_extra_path += ["../build-js/try.html"]  # `python3 dev.py docs` makes it first
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False


def _name_folders(app: Sphinx, page: str, source: list[str]) -> None:
    """Keep only the name of a link to a folder of the repository, which has no page."""
    folder = (HERE / page).parent

    def named(link: re.Match[str]) -> str:
        return link[1] if (folder / link[2]).is_dir() else link[0]

    source[0] = re.sub(r"\[([^\]]+)\]\((\.\.?/[^)#]+)\)", named, source[0])


def _open_flame_graphs(app: Sphinx, page: str, source: list[str]) -> None:
    """Embed flame graphs as objects: their script doesn't run in an image."""

    def opened(image: re.Match[str]) -> str:
        size = re.search(r'height="(\d+)"', (HERE / image[2]).read_text(encoding="utf-8"))
        height = size[1] if size else "400"
        return (
            f'<object class="flame" type="image/svg+xml" data="{image[2]}" width="100%" height="{height}" '
            f'aria-label="{image[1]}"></object>\n<p class="flame"><a href="{image[2]}">{image[1]}, '
            "on its own page</a></p>"
        )

    source[0] = re.sub(r"^!\[([^\]]*)\]\((flame-[^)]+\.svg)\)$", opened, source[0], flags=re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Connect the handlers."""
    app.connect("source-read", _name_folders)
    app.connect("source-read", _open_flame_graphs)
