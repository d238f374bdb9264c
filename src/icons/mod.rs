//! Ground: the icon set and the emoji, by name, from data in the binary.
