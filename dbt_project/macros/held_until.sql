{#- The moment from which a message may be sent: that at which it was written down, or the end of its receiver's quiet
hours where it falls into them. They are local times and may run over midnight. -#}
{% macro held_until(moment, quiet_from, quiet_until, time_zone) -%}
    {%- set local = '(' ~ moment ~ ' at time zone ' ~ time_zone ~ ')' -%}
    {%- set ends = '(cast(' ~ local ~ ' as date) + ' ~ quiet_until ~ ')' -%}
    case
        when {{ quiet_from }} <= cast({{ local }} as time) and cast({{ local }} as time) < {{ quiet_until }}
            then {{ ends }} at time zone {{ time_zone }}
        when {{ quiet_from }} > {{ quiet_until }} and cast({{ local }} as time) < {{ quiet_until }}
            then {{ ends }} at time zone {{ time_zone }}
        when {{ quiet_from }} > {{ quiet_until }} and {{ quiet_from }} <= cast({{ local }} as time)
            then ({{ ends }} + interval '1 day') at time zone {{ time_zone }}
        else {{ moment }}
    end
{%- endmacro %}
