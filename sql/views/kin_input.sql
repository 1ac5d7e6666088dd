-- question: What is a comparison of all checkpoints given, as lists?
-- grain: one row
-- inputs: sketched, matrices, checkpoints, chosen_checkpoints
-- column: checkpoints list of text — a struct per checkpoint, by place
-- column: tensors list of text — a struct per sketch of a tensor

-- Two lists of structs: `checkpoints`, by place, with what steps and configs state of
-- their descent; and `tensors`, their sketches.
-- A step's parent is the step before; the base that a config names is meant by its
-- whole name, else by the last part of it.
with numbered as (
    select
        *,
        row_number() over (order by model, step nulls first, revision) - 1 as place,
    from checkpoints
),
bases as (
    select c.place, b.place as base
    from numbered as c
    join numbered as b
        on b.model = rtrim(c.base_model, '/')
        or split_part(b.model, '/', -1) = split_part(rtrim(c.base_model, '/'), '/', -1)
    semi join chosen_checkpoints(null, null) as usual
        on usual.model = b.model
        and usual.revision = b.revision
    where b.place <> c.place
    qualify row_number() over (
        partition by c.place
        order by b.model = rtrim(c.base_model, '/') desc, b.place
    ) = 1
),
noise as (
    select
        model, revision,
        -- Initialisers draw no entries that are far from normal.
        avg((coalesce(noise_p, 0) >= 0.05)::int) as noise_fraction,
    from matrices
    where null_kind is not null and matrix_view <> 'kernel_offset' and not is_buffer
    group by all
),
followed as (
    select
        n.place, b.base, s.noise_fraction,
        if(n.step is null, null, lag(n.place) over (
            partition by n.series, n.model order by n.step, n.place
        )) as previous,
    from numbered as n
    left join bases as b using (place)
    left join noise as s using (model, revision)
),
sketch_rows as (
    select
        n.place,
        dense_rank() over (order by s.slot) - 1 as slot,
        dense_rank() over (order by s.digest) as content,
        s.n_elements::double as n_elements,
        s.norm, s.kurtosis, s.eps, s.entries,
    from sketched as s
    join numbered as n using (model, revision)
)
select
    (
        select coalesce(list({
            place: place, previous: previous, base: base,
            noise_fraction: noise_fraction
        } order by place), [])
        from followed
    ) as checkpoints,
    (
        select coalesce(list({
            place: place, slot: slot, content: content, n_elements: n_elements,
            norm: norm, kurtosis: kurtosis, eps: eps, entries: entries
        }), [])
        from sketch_rows
    ) as tensors
