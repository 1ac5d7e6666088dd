-- question: Which runs on a probe set does a metric of behaviour mean?
-- inputs: probe_sets

-- A metric of behaviour is called by table and column: activations.rms. After an @
-- stands the probe set, by name or parameter set, where there are several.
create macro behaviour_metric(metric_name) as
    split_part(split_part(metric_name, '@', 1), '.', 2);

-- One row per run on the probe set; an error where it would have to be chosen.
create macro asked_probes(metric_name) as table
with asked as (
    select model, revision, step, parameter_set, probe_set
    from probe_sets
    where split_part(metric_name, '@', 2) in ('', probe_set, parameter_set)
),
sets as (
    select
        count(distinct parameter_set) as n_sets,
        count(distinct probe_set) as n_names,
        string_agg(distinct '@' || probe_set, ', ' order by '@' || probe_set) as names,
        string_agg(distinct '@' || parameter_set, ', ' order by '@' || parameter_set)
            as ids,
    from asked
)
select a.*
from asked as a
cross join sets as s
where if(
    s.n_sets > 1,
    error(
        'metric ' || metric_name || ' was measured on several probe sets: write one '
        || 'of ' || if(s.n_names > 1, s.names, s.ids) || ' after its name'
    ),
    true
);
