-- question: Does every value lie within the bounds that its column declares?
-- grain: one row per value below its column's minimum or above its maximum
-- inputs: numbers, columns
-- column: table_name text — the table
-- column: model text — hub id or local label of the model
-- column: revision text — git ref or label of the checkpoint
-- column: tensor text — full state-dict key, null where the table has none
-- column: rest text — the rest of the key: a view, a side, a run
-- column: column_name text — the column
-- column: value real — its value; NaN counts as out of bounds
-- column: minimum real — declared
-- column: maximum real — declared

-- A billionth is left for rounding: an entropy ratio may come out as 1 + 2e-16.
select
    n.table_name,
    n.model,
    n.revision,
    n.tensor,
    n.rest,
    n.column_name,
    n.value,
    c.minimum,
    c.maximum,
from numbers as n
join columns as c using (table_name, column_name)
where isnan(n.value)
    or n.value < c.minimum - 1e-9 * greatest(1, abs(c.minimum))
    or n.value > c.maximum + 1e-9 * greatest(1, abs(c.maximum))
order by
    n.table_name, n.model, n.revision, n.tensor, n.rest nulls first, n.column_name
