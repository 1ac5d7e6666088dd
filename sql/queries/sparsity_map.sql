-- question: Where in a tensor do its zeros lie?
-- grain: one row per cell of a grid over the matrix; `plot sparsity_map` draws it
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- inputs: weights, chosen_checkpoints
-- partitions: $model
-- shows: model, revision, tensor, cell_row, cell_col: zeros
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: n_rows integer rows — of the tensor as stored
-- column: n_cols integer columns — product of its other sizes
-- column: zero_fraction real fraction — finite elements that are zero, of the tensor
-- column: cell_row integer — 0-based row of the grid, from the top
-- column: cell_col integer — 0-based column of the grid
-- column: zeros real fraction — elements of the cell that are zero

with listed as (
    select
        model, revision, tensor, n_rows, n_cols, zero_fraction,
        len(zero_map) // zero_map_rows as across,
        unnest(zero_map)::double as zeros,
        generate_subscripts(zero_map, 1) - 1 as cell,
    from weights
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model and tensor = $tensor
)
select
    model,
    revision,
    tensor,
    n_rows,
    n_cols,
    zero_fraction,
    cell // across as cell_row,
    cell % across as cell_col,
    zeros,
from listed
order by cell
