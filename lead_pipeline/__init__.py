"""Lead Pipeline: leads from vendors, files and suppliers, validated, scored, routed, enriched and uploaded."""
