-- question: What is each scalar metric of each tensor and view, as one long table?
-- grain: one row per tensor, view and metric with a value; view null for entries
-- inputs: weights, matrices, sides
-- column: series text — training run that the checkpoint is a step of
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: step integer steps — optimiser step, null outside a series
-- column: tensor text — full state-dict key
-- column: view text — null: the entries; a view of spectra; rows or cols of channels
-- column: stack text — encoder, decoder, vision, … or null
-- column: layer integer — 0-based block index, null outside blocks
-- column: depth real — layer / (n_layers - 1)
-- column: component text — component of the tensor or of the view
-- column: parameter text — weight, bias, …
-- column: table_name text — table that declares the metric
-- column: metric text — name of the metric, as in the table metrics
-- column: value real — its value

with entries as (
    select
        series, model, revision, step, tensor, null::varchar as view,
        stack, layer, depth, component, parameter,
        'tensor_stats' as table_name, metric, value,
    from (
        unpivot (
            select * exclude (
                position, shard, expert, is_transposed, dtype, shape, n_rows, n_cols,
                n_bytes, digest, alias_of, is_tied, status, reason, stats_status,
                value_resolution, is_exact, family, kind
            )
            from weights
        )
        on columns(* exclude (
            series, model, revision, step, tensor, stack, layer, depth, component,
            parameter
        ))::double
        into name metric value value
    )
),
spectral as (
    select
        series, model, revision, step, tensor, view,
        stack, layer, depth, component, parameter,
        'spectra' as table_name, metric, value,
    from (
        unpivot (
            select * exclude (
                expert, position, dtype, alias_of, is_tied, tensor_component, digest,
                matrix_view, status, reason, method, singular_values,
                sigma_error_bound, family, kind
            )
            from matrices
        )
        on columns(* exclude (
            series, model, revision, step, tensor, view, stack, layer, depth,
            component, parameter
        ))::double
        into name metric value value
    )
),
channelled as (
    select
        series, model, revision, step, tensor, side as view,
        stack, layer, depth, component, parameter,
        'channels' as table_name, metric, value,
    from (
        unpivot (
            select * exclude (
                expert, position, alias_of, is_tied, digest, n_channels,
                norm_max_index, outlier_channels, top_channels, top_values, family, kind
            )
            from sides
        )
        on columns(* exclude (
            series, model, revision, step, tensor, side, stack, layer, depth,
            component, parameter
        ))::double
        into name metric value value
    )
)
select * from entries
union all
select * from spectral
union all
select * from channelled
