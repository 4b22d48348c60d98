"""The charts of the page: SVG made on the server, with classes in place of colours, so that it follows the theme."""
