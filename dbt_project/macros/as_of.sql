{#- The moment at which "this week" ends: the variable `as_of`, or the time of the build where it is empty. -#}
{% macro as_of() -%}
    coalesce(cast(nullif('{{ var("as_of", "") }}', '') as timestamptz), current_timestamp)
{%- endmacro %}
