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

-- Bytes and counts in powers of 1000, for reading.
create macro human_size(n_bytes) as
    formatReadableDecimalSize(n_bytes::bigint);
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

-- Where a tensor stands when layers run 0, 1, 2, … 10: files that sort their names have
-- 0, 1, 10, 2. Blocks stand where the first of their stack does, the rest as stored.
create macro reading_place(model, revision, stack, layer, position) as if(
    layer is null,
    position,
    min(if(layer is null, null, position)) over (partition by model, revision, stack)
);

-- A role in words: the component, and the parameter where it is not the weight.
create macro role(component, parameter) as if(
    parameter in ('weight', component), component, component || '.' || parameter
);

-- What a filter asks: nothing, or this word. Biases and buffers only if asked for.
create macro is_asked(found, asked) as asked is null or found = asked;
create macro is_parameter_asked(found, is_buffer, asked) as
    if(asked is null, found not like '%bias%' and not is_buffer, found = asked);

-- P(X >= k) of a binomial of n trials with chance p each; exact to rounding.
create macro binomial_tail(n, k, p) as case
    when k <= 0 then 1.0
    when k > n or p <= 0 then 0.0
    when p >= 1 then 1.0
    else least(1.0, list_sum(list_transform(
        range(k::bigint, n::bigint + 1),
        lambda i: exp(
            lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1)
            + i * ln(p) + (n - i) * ln(1 - p)
        )
    )))
end;

-- Two-sided p of a correlation r over n independent points where there is none: the
-- tail of Student's t with n - 2 degrees of freedom. With r = cos(s) its density is
-- sin(s)^(n - 3), integrated from 0 to arccos |r| by Simpson's rule, 512 intervals.
create macro correlation_p(r, n) as case
    when r is null or n < 3 then null
    when abs(r) >= 1 then 0.0
    else least(1.0,
        acos(abs(r)) / 1536 * list_sum(list_transform(
            range(0, 513),
            lambda i: if(i % 512 = 0, 1, if(i % 2 = 1, 4, 2))
                * pow(sin(acos(abs(r)) * i / 512), n - 3)
        ))
        * 2 / sqrt(pi()) * exp(lgamma((n - 1) / 2) - lgamma((n - 2) / 2))
    )
end;

-- Two-sided p of x in noise, of which draws are known: by its rank among them, or by
-- the bound of Vysochanskij and Petunin, 4 / 9z², where that is smaller.
create macro null_p(x, mean, sd, draws) as if(
    x is null or ratio(x - mean, sd) is null,
    null,
    least(
        1.0,
        2 * (1 + least(
            len(list_filter(draws, lambda d: d <= x)),
            len(list_filter(draws, lambda d: d >= x))
        )) / (len(draws) + 1),
        if(
            abs(ratio(x - mean, sd)) > sqrt(8 / 3),
            4 / (9 * pow(ratio(x - mean, sd), 2)),
            1.0
        )
    )
);
