"""What arrives while a run trains, and what is wrong with it?"""

from pipeline.watch.arrivals import Arrivals
from pipeline.watch.follow import Following, follow
from pipeline.watch.notices import Notice, as_json, as_line
from pipeline.watch.webhook import check_webhook, post

__all__ = [
    "Arrivals",
    "Following",
    "Notice",
    "as_json",
    "as_line",
    "check_webhook",
    "follow",
    "post",
]
