-- question: Which scalar metrics can be asked of every tensor, or of what passes there?
-- grain: one row per metric of tensor_stats, spectra and its evidence, channels, or of
--   behaviour, which has its table before it: activations.rms
-- inputs: metrics
-- column: metric text — name of the metric
-- column: table_name text — table that it is looked for in first
-- column: unit text — its unit
-- column: meaning text — what it says
-- column: formula text — its definition
-- column: worse text — direction that is a worse sign: high, low or none

select metric, table_name, unit, meaning, formula, worse,
from (
    select
        metric, table_name, unit, meaning, formula, worse, position,
    from metrics
    where table_name in (
        'tensor_stats', 'spectra', 'tail_fits', 'randomised', 'channels'
    )
    qualify row_number() over (partition by metric order by position) = 1
    union all
    select
        table_name || '.' || metric, table_name, unit, meaning, formula, worse,
        position,
    from metrics
    where table_name in (
        'probe_sets', 'activations', 'block_activations', 'neurons',
        'expert_activations'
    )
)
order by position
