{#- How many times faster than promised an error budget is used up: the share of bad messages over the share that may be
bad. 1 uses it up exactly by the end of its window. Null where the total is 0.
The Site Reliability Workbook (2018), chapter 5. -#}
{% macro burn_rate(bad, total, objective_percentage) -%}
    round(100.0 * {{ bad }} / nullif({{ total }} * (100 - {{ objective_percentage }}), 0), 2)
{%- endmacro %}
