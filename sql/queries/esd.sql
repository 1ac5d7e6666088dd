-- question: Which eigenvalues does a matrix have, and what is fitted to them?
-- grain: one row per matrix view and eigenvalue, the largest first; `plot esd` draws it
-- param: model text from checkpoints.model — the model
-- param: tensor text from tensors.tensor — its tensor
-- param: revision text = null from checkpoints.revision — null: main, else the last
-- param: view text = null — null: all but kernel offsets; else q, expert.3, …
-- inputs: matrices, chosen_checkpoints, noise_verdicts
-- partitions: $model
-- shows: model, revision, tensor, view, index: eigenvalue, is_spike, is_tail
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key
-- column: view text — the matrix view
-- column: n_rows integer — rows
-- column: n_cols integer — columns
-- column: index integer — 1 for the largest
-- column: eigenvalue real — λ = σ², not divided by n_rows
-- column: is_spike boolean — above the edge of noise and its margin
-- column: is_tail boolean — at alpha_xmin or above
-- column: frobenius_norm real — root of the sum of the eigenvalues
-- column: alpha real — exponent of the tail
-- column: alpha_stderr real — its standard error
-- column: alpha_xmin real — eigenvalue where the tail begins
-- column: n_tail integer eigenvalues — that the tail holds
-- column: mp_sigma real — standard deviation of the noise that would make the bulk
-- column: mp_edge real — upper edge of the bulk
-- column: n_spikes integer eigenvalues — above the edge and its margin
-- column: verdict text — noise, structured, constant, not_normal or untested
-- column: q_value real — of being noise, among all matrices of the checkpoint

with listed as (
    select
        *,
        unnest(singular_values) as sigma,
        generate_subscripts(singular_values, 1) as index,
    from matrices
    semi join chosen_checkpoints($model, $revision) using (model, revision)
    where model = $model
        and tensor = $tensor
        and coalesce(view = $view, matrix_view <> 'kernel_offset')
)
select
    m.model, m.revision, m.tensor, m.view, m.n_rows, m.n_cols,
    m.index,
    m.sigma * m.sigma as eigenvalue,
    m.index <= m.n_spikes as is_spike,
    m.index <= m.n_tail as is_tail,
    m.frobenius_norm,
    m.alpha, m.alpha_stderr, m.alpha_xmin, m.n_tail,
    m.mp_sigma, m.mp_edge, m.n_spikes,
    v.verdict,
    v.q_value,
from listed as m
left join noise_verdicts($model, $revision, null, 0.05) as v
    on v.model = m.model
    and v.revision = m.revision
    and v.tensor = coalesce(m.alias_of, m.tensor)
    and v.view = m.view
order by m.view, m.index
