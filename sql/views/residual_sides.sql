-- question: Where do the matrices of the blocks touch the residual stream?
-- grain: one row per tensor of a block that reads or writes the stream
-- inputs: sides, tensors, scalars, residual_side
-- column: width integer dimensions — of the stream: the side's channels

-- An alias is not shown: it would count twice.
select
    s.model,
    s.revision,
    s.step,
    s.tensor,
    s.stack,
    s.layer,
    s.component,
    s.position,
    s.side,
    s.n_channels as width,
    s.outlier_channels,
from sides as s
join tensors as t
    on t.model = s.model
    and t.revision = s.revision
    and t.tensor = s.tensor
where s.side = residual_side(s.component, t.is_transposed)
    and s.layer is not null
    and s.alias_of is null
    and is_parameter_asked(s.parameter, s.is_buffer, null)
