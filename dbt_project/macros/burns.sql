{#- Whether a budget burns so many times too fast, or everything is bad: a promise of 90 % cannot burn faster than 10.
False where the total is 0. -#}
{% macro burns(bad, total, objective_percentage, rate) -%}
    ({{ total }} > 0 and 100 * {{ bad }} >= {{ total }} * least({{ rate }} * (100 - {{ objective_percentage }}), 100))
{%- endmacro %}
