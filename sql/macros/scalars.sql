-- question: Which small formulas do the queries share?
-- inputs:

-- Null where the denominator is 0 or null: no division decides by accident.
create macro ratio(numerator, denominator) as
    numerator::double / nullif(denominator::double, 0);

-- The largest r whose two factors, n x r and r x m, hold fewer elements than n x m.
create macro break_even_rank(n, m) as
    greatest((n * m - 1) // (n + m), 0);

-- What two factors of this rank save over n x m, 0 where they hold more.
create macro saved_elements(n, m, rank) as
    if(rank is null, null, greatest(n * m - rank * (n + m), 0));

-- How many robust standard deviations x lies from the median; null where mad is 0.
create macro robust_z(x, centre, mad) as
    ratio(x - centre, 1.4826 * mad);

-- Bytes in powers of 1024, counts in powers of 1000, for reading.
create macro human_size(n_bytes) as format_bytes(n_bytes::bigint);
create macro human_count(n) as case
    when n < 1000 then n::varchar
    when n < 999950 then printf('%.1f K', n / 1e3)
    when n < 999950000 then printf('%.1f M', n / 1e6)
    else printf('%.1f B', n / 1e9)
end;

-- Aggregates of parts into the whole that they make up: n elements with mean and std.
create macro pooled_mean(n, mean) as ratio(sum(n * mean::double), sum(n));
create macro pooled_variance(n, mean, std) as
    ratio(sum(n * (pow(std::double, 2) + pow(mean::double, 2))), sum(n))
        - pow(ratio(sum(n * mean::double), sum(n)), 2);
-- Rounding may leave a variance of zero a little below it.
create macro pooled_std(n, mean, std) as
    sqrt(if(pooled_variance(n, mean, std) < 0, 0, pooled_variance(n, mean, std)));

-- A role in words: the component, and the parameter where it is not the weight.
create macro role(component, parameter) as
    if(parameter = 'weight', component, component || '.' || parameter);

-- What a filter asks: nothing, or this word. Biases and buffers only if asked for.
create macro is_asked(found, asked) as asked is null or found = asked;
create macro is_parameter_asked(found, is_buffer, asked) as
    if(asked is null, found not like '%bias%' and not is_buffer, found = asked);
