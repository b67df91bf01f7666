{#- The signed number in the 8 bytes of a bytea that begin at 8 x index. Casts from bytea are of Postgres 18. -#}
{% macro big_endian(bytes, index) -%}
    cast(
        cast(
            'x' || encode(substring({{ bytes }} from cast(8 * {{ index }} + 1 as integer) for 8), 'hex') as bit(64)
        ) as bigint
    )
{%- endmacro %}
