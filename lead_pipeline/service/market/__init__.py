"""The marketplace's API: sellers, buyers and suppliers, each within what their role may see and do."""
