-- question: How many of the largest weights of one scoring are those of another?
-- inputs: critical_weights

-- One row per pair of scorings of a model under a metric; n_one of the k were kept.
create macro shared_tops(model_name, metric_name, k) as table
with tops as (
    select revision, parameter_set, tensor, flat_index
    from critical_weights
    where model = model_name and metric = metric_name and rank_global <= k
),
runs as (
    select revision, parameter_set, count(*) as n from tops group by all
)
select
    a.revision, a.parameter_set, b.revision as to_revision,
    b.parameter_set as to_parameter_set,
    a.n as n_one,
    (
        select count(*)
        from tops as x join tops as y using (tensor, flat_index)
        where x.revision = a.revision and x.parameter_set = a.parameter_set
            and y.revision = b.revision and y.parameter_set = b.parameter_set
    ) as n_same,
from runs as a
join runs as b on (a.revision, a.parameter_set) < (b.revision, b.parameter_set);

-- The Jaccard index of two sets of k that share the fraction f of k.
create macro jaccard_of(f) as f / (2 - f);

-- Wilson's 95 % bounds of x out of n.
create macro wilson_centre(x, n) as (x + 1.9207294) / (n + 3.8414588);
create macro wilson_reach(x, n) as
    1.959964 / (n + 3.8414588) * sqrt(x * (n - x) / n + 0.9603647);
create macro wilson_low(x, n) as greatest(wilson_centre(x, n) - wilson_reach(x, n), 0);
create macro wilson_high(x, n) as least(wilson_centre(x, n) + wilson_reach(x, n), 1);
