{#- One end of the Wilson score interval of a share, in percent to two decimals: at which the true share lies with 95 %
certainty, also where few were seen. `end` is low or high. Null where the total is 0.
Wilson (1927), as in Newcombe (1998), method 3. -#}
{% macro wilson_interval(part, total, end) -%}
    {%- set z = '1.959964' -%}
    round(
        100 * (
            {{ part }} + {{ z }} ^ 2 / 2
            {{ '-' if end == 'low' else '+' }} {{ z }} * sqrt(
                cast({{ part }} as numeric) * ({{ total }} - {{ part }}) / nullif({{ total }}, 0) + {{ z }} ^ 2 / 4
            )
        ) / ({{ total }} + {{ z }} ^ 2), 2
    )
{%- endmacro %}
