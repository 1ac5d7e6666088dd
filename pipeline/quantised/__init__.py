"""Which numbers do the codes of a quantised checkpoint stand for?"""

from pipeline.quantised.parts import Parts
from pipeline.quantised.recognise import recognise
from pipeline.quantised.registry import FORMS, check_parts, decode_into, is_rowwise

__all__ = ["FORMS", "Parts", "check_parts", "decode_into", "is_rowwise", "recognise"]
