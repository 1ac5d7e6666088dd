-- question: Which matrices could be stored as two thin factors, and what would it save?
-- grain: one row per matrix view, the largest saving at 95 % of the energy first
-- param: model text = null from checkpoints.model — only this model
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: component text = null — only this component
-- inputs: matrices, chosen_checkpoints, scalars
-- partitions: $model
-- shows: model, revision, tensor, view: rank_95, saved_95_fraction, saved_95_elements
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — whole, or the part of the tensor
-- column: component text — component of the view
-- column: n_rows integer — rows
-- column: n_cols integer — columns
-- column: design_rank integer dimensions — smaller side
-- column: rank_90 integer dimensions — least rank that keeps 90 % of the energy
-- column: rank_95 integer dimensions — least rank that keeps 95 % of the energy
-- column: break_even_rank integer dimensions — largest rank whose factors are smaller
-- column: break_even_energy real fraction — energy that this rank keeps
-- column: saved_90_fraction real fraction — elements saved at rank_90, 0 if none
-- column: saved_95_fraction real fraction — elements saved at rank_95, 0 if none
-- column: saved_95_elements integer elements — the same, counted

with thin as (
    select
        *,
        n_rows * n_cols as n_stored,
        break_even_rank(n_rows, n_cols) as break_even,
        saved_elements(n_rows, n_cols, rank_90) as saved_90,
        saved_elements(n_rows, n_cols, rank_95) as saved_95,
    from matrices
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where status = 'ok'
        and alias_of is null
        and not is_buffer
        and matrix_view <> 'kernel_offset'
        and is_asked(model, $model)
        and is_asked(component, $component)
)
select
    model, revision, tensor, view, component, n_rows, n_cols, design_rank,
    rank_90,
    rank_95,
    break_even as break_even_rank,
    ratio(
        list_sum(list_transform(singular_values[1:break_even], lambda s: s * s)),
        frobenius_norm * frobenius_norm
    ) as break_even_energy,
    ratio(saved_90, n_stored) as saved_90_fraction,
    ratio(saved_95, n_stored) as saved_95_fraction,
    saved_95 as saved_95_elements,
from thin
order by
    saved_95 desc nulls last, saved_90 desc nulls last,
    model, revision, layer, position, view
