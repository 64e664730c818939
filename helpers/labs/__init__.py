"""Interactive panels that measure and draw."""
