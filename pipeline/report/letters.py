"""Which letters can any TeX set? Those of formulas as mathematics, others by number.

pdfTeX stops at a letter that its fonts lack, and other engines silently drop it. A name
in another script is therefore written as its code points.
"""

from __future__ import annotations

from pipeline.text.cells import printable
from pipeline.text.markup import escape_latex

_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma
tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_SIGNS = {
    "‖": r"\|",
    "−": "-",
    "√": r"\surd",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "±": r"\pm",
    "∞": r"\infty",
    "→": r"\to",
    "∈": r"\in",
    "∉": r"\notin",
    "∧": r"\wedge",
    "∨": r"\vee",
    "∩": r"\cap",
    "∪": r"\cup",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "′": "'",
    "̂": r"\hat{}",
    "̄": r"\bar{}",
    "½": r"\frac{1}{2}",
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ", "0123456789+-T", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖ", "0123456789+-ijk", strict=True))
_WORDS = {"—": "---", "–": "--", "“": "``", "”": "''", "’": "'", "‘": "`"}
_LAST_LATIN = 0x17F  # every TeX has the letters up to here, through T1

_MATHEMATICS = (
    {letter: rf"\{name}" for letter, name in zip(_LETTERS, _NAMES.split(), strict=True)}
    | _SIGNS
    | {letter: f"^{{{base}}}" for letter, base in _RAISED.items()}
    | {letter: f"_{{{base}}}" for letter, base in _LOWERED.items()}
)


def set_text(text: str) -> str:
    """Any text as LaTeX that compiles with any engine and is shown literally."""
    return "".join(_letter(letter) for letter in escape_latex(printable(text)))


def _letter(letter: str) -> str:
    if letter in _MATHEMATICS:
        return rf"\ensuremath{{{_MATHEMATICS[letter]}}}"
    if letter in _WORDS:
        return _WORDS[letter]
    if letter.isascii() or 0xA1 <= ord(letter) <= _LAST_LATIN:
        return letter
    return rf"\texttt{{U+{ord(letter):04X}}}"
