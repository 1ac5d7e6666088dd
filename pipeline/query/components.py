"""What does the vocabulary of components say to SQL? Which of them touch the stream."""

from __future__ import annotations


def residual_side_macro() -> str:
    """The statement of the macro `residual_side(component, is_transposed)`.

    rows or cols of a tensor as stored; null where neither side is known to be that of
    the residual stream. What reads the stream has it as inputs, what writes to it as
    outputs.
    """
    # Few questions ask for it, and the whole of layouts comes with the words.
    from pipeline.layout.components import load_components

    words = load_components().values()
    reads, writes = (
        ", ".join(f"'{word.name}'" for word in words if word.stream == stream)
        for stream in ("reads", "writes")
    )
    return (
        "create macro residual_side(component, is_transposed) as case "
        f"when component in ({reads}) then if(is_transposed, 'rows', 'cols') "
        f"when component in ({writes}) then if(is_transposed, 'cols', 'rows') end"
    )
