{#- The schema is the one that a model names, with no prefix from the target: `analytics`, whoever builds. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
