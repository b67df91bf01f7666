{#- What a candidate's flag byte says: chosen, passed over, or the first check in order that failed. -#}
{% macro candidate_verdict(flag) -%}
    case
        when {{ flag }} & 128 > 0 then 'chosen'
        when {{ flag }} = 0 then 'passed_over'
        when {{ flag }} & 1 > 0 then 'subscription'
        when {{ flag }} & 2 > 0 then 'state'
        when {{ flag }} & 4 > 0 then 'schedule'
        when {{ flag }} & 8 > 0 then 'cap'
        when {{ flag }} & 16 > 0 then 'weekly_limit'
        when {{ flag }} & 32 > 0 then 'monthly_limit'
        else 'wallet'
    end
{%- endmacro %}
