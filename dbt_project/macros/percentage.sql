{#- Share of a total in percent, to two decimals. Null where the total is 0: a rate of nothing is unknown, not 0. -#}
{% macro percentage(part, total) -%}
    round(100.0 * {{ part }} / nullif({{ total }}, 0), 2)
{%- endmacro %}
