// tooltips
