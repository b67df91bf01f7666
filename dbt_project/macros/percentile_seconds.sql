{#- A percentile of seconds, to a tenth; null of none. `share` is 0 to 1. -#}
{% macro percentile_seconds(seconds, share) -%}
    round(cast(percentile_cont({{ share }}) within group (order by {{ seconds }}) as numeric), 1)
{%- endmacro %}
