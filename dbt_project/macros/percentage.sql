{#- Share of a total in percent, to two decimals or as many as are asked for. Null where the total is 0: a rate of
nothing is unknown, not 0. -#}
{% macro percentage(part, total, decimals=2) -%}
    round(100.0 * {{ part }} / nullif({{ total }}, 0), {{ decimals }})
{%- endmacro %}
